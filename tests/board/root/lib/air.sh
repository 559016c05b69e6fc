# What the board's radios can hear, and what NetworkManager knows. Sourced by the stubs of nmcli and bluetoothctl.
# Lines of /etc/x8board/air: SSID, BSSID, channel, signal, security, password, found (0: by a rescan alone), tab-separated.
# shellcheck shell=bash

air=/etc/x8board/air
known=/var/lib/NetworkManager/connections
active=/run/x8board/wlan0
scanned=/run/x8board/rescanned
