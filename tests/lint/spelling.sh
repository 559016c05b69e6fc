#!/usr/bin/env bash
# Spelling of everything people read.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need codespell
reference_is codespell 2.2.2

# The second line are mistakes that tests make on purpose.
codespell --quiet-level 3 --ignore-words-list fo,ser,wic,sdps,te,ba,nd,als,ans,od,unx \
    --ignore-words-list updat,falsh,flahs,colur,pant,instal \
    --skip '*/corpus/*,*.bin,*.gz' src cmd tests packaging completions man README.md CONTRIBUTING.md CHANGELOG.md ||
    report "codespell found the words above"
finish
