/*
 * The adb server's answers, and a server that plays them.
 */
#include "sshserver.h"

#include "adb/adb.h"
#include "adb/server_wire.h"
#include "net/tcp.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct x8_op op = {.deadline = X8_NO_DEADLINE};

/* --- lists --- */

static int parse(const char *text, struct x8_adb_device **out)
{
    struct x8_error err;

    return x8_adb_devices_parse(text, strlen(text), out, &err);
}

static void a_list_of_devices_is_taken_apart(void **state)
{
    struct x8_adb_device *d;

    (void)state;
    assert_int_equal(parse("2D16BA09DAB6FAD9       device usb:1-4.2 product:p model:Portenta_X8 "
                           "device:x8 transport_id:3\n"
                           "10.0.0.5:5555          offline transport_id:12\n"
                           "0A13B209DAB6FAD9       no permissions (user in plugdev group; are your "
                           "udev rules wrong?); see [http://x/y.html] usb:1-1 transport_id:4\n"
                           "????????????    no permissions usb:3-1\n",
                           &d),
                     4);
    assert_string_equal(d[0].serial, "2D16BA09DAB6FAD9");
    assert_string_equal(d[0].state, "device");
    assert_string_equal(d[0].port, "1-4.2");
    assert_string_equal(d[0].product, "p");
    assert_string_equal(d[0].model, "Portenta_X8");
    assert_int_equal(d[0].transport_id, 3);
    assert_string_equal(d[1].serial, "10.0.0.5:5555");
    assert_string_equal(d[1].state, "offline");
    assert_string_equal(d[1].port, "");
    assert_true(strncmp(d[2].state, "no permissions (user in plugdev", 31) == 0);
    assert_string_equal(d[2].port, "1-1");
    assert_string_equal(d[3].serial, "????????????");
    assert_string_equal(d[3].state, "no permissions");
    assert_int_equal(d[3].transport_id, 0);
    free(d);
}

static void the_short_form_and_a_missing_serial_number_are_understood(void **state)
{
    struct x8_adb_device *d;

    (void)state;
    assert_int_equal(parse("2D16BA09DAB6FAD9\tunauthorized\n(no serial number)\tdevice\n"
                           "(no serial number)     device usb:1-2 transport_id:1",
                           &d),
                     3);
    assert_string_equal(d[0].state, "unauthorized");
    assert_string_equal(d[1].serial, "(no serial number)");
    assert_string_equal(d[1].state, "device");
    assert_string_equal(d[2].port, "1-2");
    free(d);
}

static void lines_of_no_known_form_are_left_out(void **state)
{
    static char long_line[300];
    struct x8_adb_device *d;

    (void)state;
    assert_int_equal(parse("", &d), 0);
    free(d);
    assert_int_equal(parse("\n\n  \nserial\nusb:1-2 transport_id:1\n\t\t\n", &d), 0);
    free(d);
    memset(long_line, 'S', sizeof long_line);
    memcpy(long_line + 200, " device", 8);
    assert_int_equal(parse(long_line, &d), 0);
    free(d);
    assert_int_equal(parse("A\x1b[1m device\n", &d), 1);
    assert_string_equal(d[0].serial, "A?[1m");
    free(d);
}

/* --- refusals --- */

static void what_a_server_refuses_is_told_by_what_to_do(void **state)
{
    static const struct {
        const char *words;
        enum x8_code code;
    } rows[] = {
        {"device '2D16' not found", X8_E_NO_BOARD},
        {"no devices/emulators found", X8_E_NO_BOARD},
        {"no device with transport id '9'", X8_E_NO_BOARD},
        {"device offline", X8_E_WRONG_STATE},
        {"device still connecting", X8_E_WRONG_STATE},
        {"device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set", X8_E_AUTH},
        {"device still authorizing", X8_E_AUTH},
        {"insufficient permissions for device: user in plugdev group", X8_E_NO_PERMISSION},
        {"more than one device/emulator", X8_E_SEVERAL},
        {"closed", X8_E_REFUSED},
        {"unknown host service", X8_E_REFUSED},
        {"", X8_E_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_error err;

        assert_int_equal(x8_adb_server_fail(rows[i].words, strlen(rows[i].words), "2D\n16", &err),
                         -(int)rows[i].code);
        assert_non_null(strstr(err.msg, "2D?16"));
        assert_null(strchr(err.why, '\n'));
    }
}

static void a_state_that_can_be_used_is_no_error(void **state)
{
    struct x8_adb_device device = {.serial = "S", .state = "device"};
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_adb_state_check(&device, &err), 0);
    snprintf(device.state, sizeof device.state, "unauthorized");
    assert_int_equal(x8_adb_state_check(&device, &err), -X8_E_AUTH);
    snprintf(device.state, sizeof device.state, "no permissions; see [http");
    assert_int_equal(x8_adb_state_check(&device, &err), -X8_E_NO_PERMISSION);
}

static void requests_have_their_length_in_front(void **state)
{
    X8_AUTO_BUF out = {0};
    char *large = calloc(1, 70000);
    unsigned n;

    (void)state;
    assert_int_equal(x8_adb_request_put(&out, "host:version"), 0);
    assert_string_equal(x8_buf_text(&out), "000chost:version");
    memset(large, 'x', 65536);
    assert_int_equal(x8_adb_request_put(&out, large), -1);
    free(large);
    assert_int_equal(x8_adb_hex4("0029", &n), 0);
    assert_int_equal(n, 41);
    assert_int_equal(x8_adb_hex4("fFfF", &n), 0);
    assert_int_equal(n, 65535);
    assert_int_equal(x8_adb_hex4("-001", &n), -1);
    assert_int_equal(x8_adb_hex4("0x10", &n), -1);
}

/* --- a server --- */

/* What it answers to a request, all of it; what follows on the same connection too. */
struct row {
    const char *request, *answer;
};

struct server {
    const struct row *rows;
    size_t count;
    int listen_fd;
    uint16_t port;
    pthread_t thread;
    char log[2000];
};

static int get_request(int fd, char *out, size_t cap)
{
    struct x8_error err;
    char digits[4];
    unsigned len;

    if (x8_sock_recv_full(&op, fd, digits, 4, 60000, &err) < 0 || x8_adb_hex4(digits, &len) != 0 ||
        len >= cap || x8_sock_recv_full(&op, fd, out, len, 60000, &err) < 0)
        return -1;
    out[len] = '\0';
    return 0;
}

static void answer_client(struct server *server, int fd)
{
    char request[600];

    while (get_request(fd, request, sizeof request) == 0) {
        const char *answer = "FAIL0014unknown host service";
        struct x8_error err;

        strncat(server->log, request, sizeof server->log - strlen(server->log) - 2);
        strncat(server->log, "\n", 2);
        for (size_t i = 0; i < server->count; i++)
            if (strcmp(server->rows[i].request, request) == 0)
                answer = server->rows[i].answer;
        x8_sock_send(&op, fd, answer, strlen(answer), 60000, &err);
        if (strcmp(answer, "OKAY") != 0 && strcmp(request, "host:track-devices") != 0)
            break;
    }
    close(fd);
}

static void *serve(void *arg)
{
    struct server *server = arg;
    struct x8_error err;
    int fd;

    while (x8_tcp_accept(&op, server->listen_fd, x8_deadline_in(60000), &fd, &err) == 0) {
        char first;

        /* A connection that says nothing ends it all. */
        if (recv(fd, &first, 1, MSG_PEEK) <= 0) {
            close(fd);
            break;
        }
        answer_client(server, fd);
    }
    return NULL;
}

static void begin(struct server *server, const struct row *rows, size_t count)
{
    struct x8_error err;

    memset(server, 0, sizeof *server);
    server->rows = rows;
    server->count = count;
    assert_int_equal(x8_tcp_listen(NULL, 0, &server->listen_fd, &server->port, &err), 0);
    pthread_create(&server->thread, NULL, serve, server);
}

static void end(struct server *server)
{
    struct x8_error err;
    int fd;

    assert_int_equal(
        x8_tcp_connect(&op, "127.0.0.1", server->port, x8_deadline_in(60000), &fd, &err), 0);
    close(fd);
    pthread_join(server->thread, NULL);
    close(server->listen_fd);
}

#define VERSION                                                                                    \
    {                                                                                              \
        "host:version", "OKAY00040029"                                                             \
    }
#define DEVICES                                                                                    \
    {                                                                                              \
        "host:devices-l", "OKAY0025S:1;host:kill  device transport_id:7\n"                         \
    }

static void a_device_with_an_odd_serial_number_is_used_safely(void **state)
{
    static const struct row rows[] = {VERSION,
                                      DEVICES,
                                      {"host-transport-id:7:features", "OKAY000ccmd,shell_v2"},
                                      {"host:transport:S:1;host:kill", "OKAY"},
                                      {"shell:id", "OKAYuid=0"},
                                      {"tcp:1", "FAIL0006closed"}};
    struct x8_adb_stream *stream = NULL;
    struct x8_error err = {0};
    struct x8_adb *adb = NULL;
    struct server server;
    char text[16] = "";

    (void)state;
    begin(&server, rows, X8_COUNT(rows));
    assert_int_equal(x8_adb_over_server(&op, server.port, "S:1;host:kill", &adb, &err), 0);
    assert_true(x8_adb_has(adb, "shell_v2"));
    assert_int_equal(x8_adb_open(adb, &op, "shell:id", 5000, &stream, &err), 0);
    assert_int_equal(x8_adb_read(stream, &op, text, sizeof text, 60000, &err), 5);
    assert_string_equal(text, "uid=0");
    assert_int_equal(x8_adb_read(stream, &op, text, sizeof text, 60000, &err), 0);
    x8_adb_stream_close(&stream);
    assert_int_equal(x8_adb_open(adb, &op, "tcp:1", 5000, &stream, &err), -X8_E_REFUSED);
    assert_string_equal(err.msg, "the board refused the service 'tcp:1'");
    x8_adb_close(&adb);
    end(&server);
    assert_null(strstr(server.log, "\nhost:kill"));
}

static void a_device_that_is_not_listed_is_no_board(void **state)
{
    static const struct row rows[] = {VERSION, DEVICES};
    struct x8_adb *adb = NULL;
    struct server server;
    struct x8_error err;
    char long_serial[300];

    (void)state;
    begin(&server, rows, X8_COUNT(rows));
    assert_int_equal(x8_adb_over_server(&op, server.port, "S:1", &adb, &err), -X8_E_NO_BOARD);
    memset(long_serial, 'S', sizeof long_serial);
    long_serial[sizeof long_serial - 1] = '\0';
    assert_int_equal(x8_adb_over_server(&op, server.port, long_serial, &adb, &err), -X8_E_NO_BOARD);
    end(&server);
}

static void a_server_before_features_is_used_too(void **state)
{
    static const struct row rows[] = {{"host:version", "OKAY0004001f"},
                                      {"host:devices-l", "OKAY000cS    device\n"}};
    struct x8_adb *adb = NULL;
    struct server server;
    struct x8_error err;

    (void)state;
    begin(&server, rows, X8_COUNT(rows));
    assert_int_equal(x8_adb_over_server(&op, server.port, "S", &adb, &err), 0);
    assert_true(x8_adb_service_max(adb) <= 1024);
    assert_string_equal(x8_adb_banner(adb)->features, "");
    x8_adb_close(&adb);
    end(&server);
}

static void a_device_that_vanishes_from_the_list_is_gone(void **state)
{
    static const struct row rows[] = {
        VERSION,
        {"host:devices-l", "OKAY000cS    device\n"},
        {"host:track-devices", "OKAY0009S\tdevice\n0012S\tdevice\nT\tdevice\n000aS\toffline\n"}};
    struct x8_adb *adb = NULL;
    struct server server;
    struct x8_error err;

    (void)state;
    begin(&server, rows, X8_COUNT(rows));
    assert_int_equal(x8_adb_over_server(&op, server.port, "S", &adb, &err), 0);
    assert_int_equal(x8_adb_wait_gone(adb, &op, x8_deadline_in(60000), &err), 1);
    x8_adb_close(&adb);
    end(&server);
}

static void no_server_is_no_error_until_it_is_needed(void **state)
{
    struct x8_adb *adb = NULL;
    struct x8_error err;
    unsigned version;
    uint16_t port;

    (void)state;
    port = test_free_port();
    assert_int_equal(x8_adb_server_version(&op, port, &version, &err), 0);
    assert_int_equal(x8_adb_over_server(&op, port, "S", &adb, &err), -X8_E_NO_BOARD);
    assert_non_null(strstr(err.msg, "no adb server"));
}

static void something_else_on_the_port_is_no_server(void **state)
{
    static const struct row wrong[] = {{"host:version", "HTTP/1.1 400 Bad Request\r\n"}};
    static const struct row odd[] = {{"host:version", "OKAY0004zzzz"}};
    static const struct row cut[] = {{"host:version", "OKAY00"}};
    static const struct {
        const struct row *rows;
    } servers[] = {{wrong}, {odd}, {cut}};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(servers); i++) {
        struct server server;
        struct x8_error err;
        unsigned version;

        begin(&server, servers[i].rows, 1);
        assert_int_equal(x8_adb_server_version(&op, server.port, &version, &err), -X8_E_LINK);
        end(&server);
    }
}

static void a_port_that_says_nothing_is_left_after_a_second(void **state)
{
    int64_t begin_ms = x8_now_ms();
    struct x8_error err;
    unsigned version;
    uint16_t port;
    int fd;

    (void)state;
    assert_int_equal(x8_tcp_listen(NULL, 0, &fd, &port, &err), 0);
    assert_int_equal(x8_adb_server_version(&op, port, &version, &err), -X8_E_LINK);
    assert_in_range(x8_now_ms() - begin_ms, 900, 30000);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_devices_is_taken_apart),
        cmocka_unit_test(the_short_form_and_a_missing_serial_number_are_understood),
        cmocka_unit_test(lines_of_no_known_form_are_left_out),
        cmocka_unit_test(what_a_server_refuses_is_told_by_what_to_do),
        cmocka_unit_test(a_state_that_can_be_used_is_no_error),
        cmocka_unit_test(requests_have_their_length_in_front),
        cmocka_unit_test(a_device_with_an_odd_serial_number_is_used_safely),
        cmocka_unit_test(a_device_that_is_not_listed_is_no_board),
        cmocka_unit_test(a_server_before_features_is_used_too),
        cmocka_unit_test(a_device_that_vanishes_from_the_list_is_gone),
        cmocka_unit_test(no_server_is_no_error_until_it_is_needed),
        cmocka_unit_test(something_else_on_the_port_is_no_server),
        cmocka_unit_test(a_port_that_says_nothing_is_left_after_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
