/*
 * The words that OpenSSH's ssh knows: a line with another one, or with words too many, ends it
 * there and here, whichever host it is for.
 */
#include "net/ssh_config_parts.h"

#include "util/text.h"

#include <string.h>

/* In the order of ssh_config(5), and what later versions have. Those with one value: */
static const char *const single[] = {
    "AddKeysToAgent",
    "AddressFamily",
    "BatchMode",
    "BindAddress",
    "BindInterface",
    "CanonicalizeFallbackLocal",
    "CanonicalizeHostname",
    "CanonicalizeMaxDots",
    "CASignatureAlgorithms",
    "CertificateFile",
    "ChallengeResponseAuthentication",
    "CheckHostIP",
    "Ciphers",
    "ClearAllForwardings",
    "Compression",
    "ConnectionAttempts",
    "ConnectTimeout",
    "ControlMaster",
    "ControlPath",
    "ControlPersist",
    "DSAAuthentication",
    "DynamicForward",
    "EnableEscapeCommandline",
    "EnableSSHKeysign",
    "EscapeChar",
    "ExitOnForwardFailure",
    "FingerprintHash",
    "ForkAfterAuthentication",
    "ForwardAgent",
    "ForwardX11",
    "ForwardX11Timeout",
    "ForwardX11Trusted",
    "GatewayPorts",
    "GSSAPIAuthentication",
    "GSSAPIClientIdentity",
    "GSSAPIDelegateCredentials",
    "GSSAPIKexAlgorithms",
    "GSSAPIKeyExchange",
    "GSSAPIRenewalForcesRekey",
    "GSSAPIServerIdentity",
    "GSSAPITrustDNS",
    "HashKnownHosts",
    "HostbasedAcceptedAlgorithms",
    "HostbasedAcceptedKeyTypes",
    "HostbasedAuthentication",
    "HostbasedKeyTypes",
    "HostKeyAlgorithms",
    "HostKeyAlias",
    "HostName",
    "IdentitiesOnly",
    "IdentityAgent",
    "IdentityFile",
    "IdentityFile2",
    "IgnoreUnknown",
    "KbdInteractiveAuthentication",
    "KbdInteractiveDevices",
    "KeepAlive",
    "KexAlgorithms",
    "LogLevel",
    "MACs",
    "NoHostAuthenticationForLocalhost",
    "NumberOfPasswordPrompts",
    "ObscureKeystrokeTiming",
    "PasswordAuthentication",
    "PermitLocalCommand",
    "PKCS11Provider",
    "Port",
    "PreferredAuthentications",
    "ProxyUseFdpass",
    "PubkeyAcceptedAlgorithms",
    "PubkeyAcceptedKeyTypes",
    "PubkeyAuthentication",
    "RefuseConnection",
    "RequestTTY",
    "RequiredRSASize",
    "RevokedHostKeys",
    "SecurityKeyProvider",
    "ServerAliveCountMax",
    "ServerAliveInterval",
    "SessionType",
    "SkeyAuthentication",
    "SmartcardDevice",
    "StdinNull",
    "StreamLocalBindMask",
    "StreamLocalBindUnlink",
    "StrictHostKeyChecking",
    "SyslogFacility",
    "Tag",
    "TCPKeepAlive",
    "TISAuthentication",
    "Tunnel",
    "TunnelDevice",
    "UpdateHostKeys",
    "User",
    "VerifyHostKeyDNS",
    "VersionAddendum",
    "VisualHostKey",
    "WarnWeakCrypto",
    "XAuthLocation",
#ifdef __APPLE__
    "UseKeychain",
#endif
};

/* With several, with the rest of the line, or of old versions and passed over. */
static const char *const several[] = {
    "CanonicalDomains",
    "CanonicalizePermittedCNAMEs",
    "ChannelTimeout",
    "GlobalKnownHostsFile",
    "Host",
    "Include",
    "IPQoS",
    "KnownHostsCommand",
    "LocalCommand",
    "LocalForward",
    "LogVerbose",
    "Match",
    "PermitRemoteOpen",
    "ProxyCommand",
    "ProxyJump",
    "RekeyLimit",
    "RemoteCommand",
    "RemoteForward",
    "SendEnv",
    "SetEnv",
    "UserKnownHostsFile",
    "AFSTokenPassing",
    "Cipher",
    "CompressionLevel",
    "FallbackToRsh",
    "GlobalKnownHostsFile2",
    "KerberosAuthentication",
    "KerberosTGTPassing",
    "Protocol",
    "RhostsAuthentication",
    "RhostsRSAAuthentication",
    "RSAAuthentication",
    "UsePrivilegedPort",
    "UseRoaming",
    "UseRsh",
    "UserKnownHostsFile2",
};

static int is_in(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (x8_casecmp(word, words[i]) == 0)
            return 1;
    return 0;
}

static int unknown(const struct x8_ssh_reading *reading, const char *keyword, struct x8_error *err)
{
    char clean[60];

    x8_clean(clean, sizeof clean, keyword, strlen(keyword));
    x8_ssh_line_wrong(reading, err, "'%s' is no keyword of ssh", clean);
    x8_error_why(err, "ssh stops at such a line as well: it may be a misspelt one that matters");
    x8_error_next(err, "correct it, or put above it:  IgnoreUnknown %s", clean);
    return -(int)X8_E_USAGE;
}

static int no_value(const struct x8_ssh_line *line)
{
    int takes_list = x8_casecmp(line->keyword, "Host") == 0;

    for (size_t i = 0; takes_list && i < line->count; i++)
        if (!line->words[i][0])
            return 1;
    return line->count == 0;
}

int x8_ssh_check_line(const struct x8_ssh_reading *reading, const struct x8_ssh_line *line,
                      struct x8_error *err)
{
    int is_single = is_in(line->keyword, single, X8_COUNT(single));

    if (!is_single && !is_in(line->keyword, several, X8_COUNT(several)))
        return x8_ssh_list_fits(reading->ignored, line->keyword, 1) > 0
                   ? 1
                   : unknown(reading, line->keyword, err);
    if (no_value(line))
        return x8_ssh_line_wrong(reading, err, "%.40s without a value", line->keyword);
    if (is_single && line->count > 1)
        return x8_ssh_line_wrong(reading, err, "more than one word behind %.40s", line->keyword);
    return 0;
}
