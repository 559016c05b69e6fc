/*
 * One metadata file: its envelope, the bytes that were signed, version and date.
 */
#include "update/canon.h"
#include "update/tuf_parts.h"
#include "util/text.h"

#include <string.h>

#define NEW_BUNDLE "make the bundle again: fioctl targets offline-update TARGET FOLDER --tag TAG"

void x8_tuf_doc_done(struct tuf_doc *doc)
{
    x8_buf_done(&doc->whole);
    x8_buf_done(&doc->bytes);
    x8_buf_done(&doc->bytes_esc);
    x8_json_free(&doc->envelope);
    x8_json_free(&doc->json);
    memset(doc, 0, sizeof *doc);
}

int x8_tuf_text(const struct x8_json *value, char *out, size_t cap)
{
    const char *text = x8_json_as_str(value);

    out[0] = '\0';
    if (!text || !text[0])
        return -1;
    if (x8_clean(out, cap, text, strlen(text)) && strcmp(out, text) == 0)
        return 0;
    out[0] = '\0';
    return -1;
}

static int parse(struct tuf_doc *doc, struct x8_error *err)
{
    int rc = x8_canonical(doc->text, NULL, &doc->whole, err);

    if (rc == 0)
        rc = x8_canonical(doc->text, "signed", &doc->bytes, err);
    if (rc == 0)
        rc = x8_canonical_escaped(doc->text, "signed", &doc->bytes_esc, err);
    if (rc == 0)
        rc = x8_json_parse(x8_buf_text(&doc->whole), doc->whole.len, &doc->envelope, err);
    if (rc == 0)
        rc = x8_json_parse(x8_buf_text(&doc->bytes), doc->bytes.len, &doc->json, err);
    return rc;
}

static int count_to(const struct x8_json *list, int limit)
{
    int n = 0;

    for (const struct x8_json *i = x8_json_first(list); i && n <= limit; i = x8_json_next(i))
        n++;
    return n;
}

static int is_known_method(const char *method)
{
    return method && (x8_casecmp(method, "ed25519") == 0 || x8_casecmp(method, "rsassa-pss") == 0 ||
                      x8_casecmp(method, "rsassa-pss-sha256") == 0);
}

/* Boards give up on the whole file at the first of these, whoever signed.
 * Source: aktualizr's verification of a role's signatures. */
static const char *fault_of_signatures(const struct x8_json *list)
{
    for (const struct x8_json *a = x8_json_first(list); a; a = x8_json_next(a)) {
        const char *id = x8_json_get_str(a, "keyid");

        if (!id || !is_known_method(x8_json_get_str(a, "method")))
            return "it has a signature of a kind that no board knows";
        for (const struct x8_json *b = x8_json_next(a); b; b = x8_json_next(b)) {
            const char *other = x8_json_get_str(b, "keyid");

            if (other && strcmp(id, other) == 0)
                return "it has two signatures under the same key id, which no board accepts";
        }
    }
    return NULL;
}

/* What is wrong with the envelope, or NULL. */
static const char *fault_of(const struct tuf_doc *doc, const char *role)
{
    const char *type = x8_json_get_str(doc->json, "_type");

    if (!x8_json_is_object(doc->json))
        return "'signed' is no object";
    if (!x8_json_is_array(doc->signatures))
        return "it has no list of signatures";
    if (count_to(doc->signatures, X8_TUF_SIGNATURES) > X8_TUF_SIGNATURES)
        return "it has more signatures than anybody makes";
    if (role && (!type || x8_casecmp(type, role) != 0))
        return "it is of another type";
    return fault_of_signatures(doc->signatures);
}

int x8_tuf_doc_read(struct tuf_doc *doc, struct x8_span text, const char *name, const char *role,
                    struct x8_findings *findings)
{
    struct x8_error err = {0};
    const char *fault;

    memset(doc, 0, sizeof *doc);
    if (!text.data) {
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "layout", NEW_BUNDLE, "%s is missing",
                 name);
        return -1;
    }
    if (text.len > X8_TUF_FILE_MAX) {
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "layout", NEW_BUNDLE,
                 "%s has %zu bytes, which no metadata has", name, text.len);
        return -1;
    }
    doc->text = text;
    if (parse(doc, &err) < 0) {
        x8_found(findings, X8_FOUND_BAD, x8_code_of(-(int)err.code), "layout", NEW_BUNDLE,
                 "%s cannot be read: %s%s%s", name, err.msg, err.why[0] ? ": " : "", err.why);
        x8_tuf_doc_done(doc);
        return -1;
    }
    doc->signatures = x8_json_get(doc->envelope, "signatures");
    fault = fault_of(doc, role);
    if (!fault && x8_json_as_u64(x8_json_get(doc->json, "version"), &doc->version) < 0 && role)
        fault = "it has no version";
    if (!fault)
        return 0;
    x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "layout", NEW_BUNDLE,
             "%s is no signed metadata: %s", name, fault);
    x8_tuf_doc_done(doc);
    return -1;
}

void x8_tuf_role_read(const struct tuf_doc *doc, enum x8_tuf_role_id id, struct x8_tuf_role *role,
                      struct x8_findings *findings)
{
    int known =
        x8_tuf_text(x8_json_get(doc->json, "expires"), role->expires, sizeof role->expires) == 0;

    role->present = 1;
    role->version = doc->version;
    role->expires_s = known ? x8_tuf_time(role->expires) : 0;
    if (role->expires_s == 0)
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "layout", NEW_BUNDLE,
                 "until when the %s metadata is valid cannot be read%s%s", x8_tuf_role_name(id),
                 role->expires[0] ? ": " : "", role->expires);
}
