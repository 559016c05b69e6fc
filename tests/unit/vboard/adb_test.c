/*
 * Linux on the virtual board: what it shows on the bus, how its ADB endpoints cut a byte stream
 * into transfers, and how it comes and goes.
 */
#include "drive.h"

#define OUT 0x02
#define IN  0x83

static const char running[] = "start=linux adbd=x adbgap=300 down=700";

/* A message of `len` payload bytes; its command and checksum are nobody's business here. */
static size_t message(uint8_t *out, uint32_t len)
{
    for (uint32_t i = 0; i < 24 + len; i++)
        out[i] = (uint8_t)(i * 7);
    x8_put_le32(out + 12, len);
    return 24 + (size_t)len;
}

static void open_served(struct drive *d, const char *words)
{
    drive_open(d, words);
    assert_int_equal(drive_stage(d), VB_LINUX);
    vb_linux_serve(d->vb, 1);
}

static size_t out_len(struct drive *d)
{
    const uint8_t *data;
    return vb_linux_output(d->vb, &data);
}

static struct vb_result in(struct drive *d, uint8_t *out, size_t cap)
{
    return vb_in(d->vb, IN, out, cap);
}

/* ---- what is on the bus ---- */

/* Number of the interface with the class triple of ADB, -1 without. */
static int adb_interface(struct drive *d, uint8_t *ep_out, uint8_t *ep_in)
{
    struct vb_descriptors is;
    int found = -1, inside = 0;
    vb_descriptors(d->vb, &is);
    for (size_t at = 0; at + 2 <= is.config_len; at += is.config[at]) {
        const uint8_t *p = is.config + at;
        if (p[1] == 4)
            inside = p[5] == 0xff && p[6] == 0x42 && p[7] == 1;
        if (p[1] == 4 && inside)
            found = p[2];
        if (p[1] == 5 && inside)
            *(p[2] & 0x80 ? ep_in : ep_out) = p[2];
    }
    return found;
}

static void the_adb_interface_is_where_the_words_put_it(void **state)
{
    static const struct {
        const char *words;
        int number;
        uint8_t out, in;
    } rows[] = {{"start=linux", 2, 0x02, 0x83},
                {"start=linux adbif=first", 0, 0x01, 0x81},
                {"start=linux adb=0", -1, 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t ep_out = 0, ep_in = 0;
        struct drive d;
        drive_open(&d, rows[i].words);
        assert_int_equal(adb_interface(&d, &ep_out, &ep_in), rows[i].number);
        assert_int_equal(ep_out, rows[i].out);
        assert_int_equal(ep_in, rows[i].in);
        drive_close(&d);
    }
}

static void product_class_and_serial_are_words(void **state)
{
    struct vb_descriptors is;
    struct drive d;
    (void)state;
    drive_open(&d, "start=linux product='Generic Arduino Board' class=00 adbd=x "
                   "serial=0a13b209dab6fad9");
    vb_descriptors(d.vb, &is);
    assert_string_equal(is.product, "Generic Arduino Board");
    assert_string_equal(is.serial, "0A13B209DAB6FAD9");
    assert_int_equal(is.device[4], 0);
    drive_close(&d);
    drive_open(&d, "start=linux");
    vb_descriptors(d.vb, &is);
    assert_int_equal(is.device[4], 0xef);
    drive_close(&d);
}

/* ---- framing towards the board ---- */

static void header_and_payload_are_transfers_of_their_own(void **state)
{
    uint8_t bytes[2000];
    const uint8_t *data;
    struct drive d;
    (void)state;
    open_served(&d, running);
    for (int i = 0; i < 3; i++) {
        size_t len = message(bytes, 700);
        assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_OK);
        assert_int_equal(vb_out(d.vb, OUT, bytes + 24, 700).status, VB_OK);
        assert_int_equal(vb_linux_output(d.vb, &data), len);
        assert_memory_equal(data, bytes, len);
        vb_linux_output_taken(d.vb, len);
    }
    message(bytes, 0);
    assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_OK);
    assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_OK);
    assert_int_equal(out_len(&d), 48);
    drive_close(&d);
}

static void whole_packets_need_an_empty_one_behind_them(void **state)
{
    uint8_t bytes[2000];
    struct drive d;
    (void)state;
    open_served(&d, running);
    message(bytes, 1024);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_OK);
        assert_int_equal(vb_out(d.vb, OUT, bytes + 24, 512).status, VB_OK);
        assert_int_equal(vb_out(d.vb, OUT, bytes + 24 + 512, 512).status, VB_OK);
        assert_int_equal(vb_out(d.vb, OUT, NULL, 0).status, VB_OK);
    }
    assert_int_equal(out_len(&d), 2 * 1048);
    assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_OK);
    assert_int_equal(vb_out(d.vb, OUT, bytes + 24, 1024).status, VB_OK);
    assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_OK); /* where its end was due */
    assert_int_equal(out_len(&d), 3 * 1048);
    assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_NAK);
    drive_close(&d);
}

static void a_host_that_sends_too_much_is_not_heard_any_more(void **state)
{
    uint8_t bytes[2000];
    struct drive d;
    (void)state;
    open_served(&d, running);
    message(bytes, 100);
    assert_int_equal(vb_out(d.vb, OUT, bytes, 124).status, VB_OK); /* both in one transfer */
    assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_NAK);
    assert_int_equal(out_len(&d), 0);
    vb_linux_serve(d.vb, 1); /* another daemon starts afresh */
    assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_OK);
    drive_close(&d);
}

static void a_payload_that_is_too_short_is_waited_for(void **state)
{
    uint8_t bytes[2000];
    struct drive d;
    (void)state;
    open_served(&d, running);
    message(bytes, 100);
    vb_out(d.vb, OUT, bytes, 24);
    assert_int_equal(vb_out(d.vb, OUT, bytes + 24, 60).status, VB_OK);
    assert_int_equal(vb_out(d.vb, OUT, bytes + 84, 40).status, VB_OK);
    assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_OK);
    assert_int_equal(out_len(&d), 148);
    drive_close(&d);
}

static void without_a_daemon_nothing_is_taken(void **state)
{
    uint8_t bytes[64] = {0};
    struct drive d;
    (void)state;
    drive_open(&d, running);
    assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_NAK);
    assert_int_equal(in(&d, bytes, sizeof bytes).status, VB_NAK);
    assert_int_equal(vb_linux_room(d.vb), 0);
    drive_close(&d);
}

/* ---- framing towards the host ---- */

static void each_transfer_ends_with_its_message_part(void **state)
{
    uint8_t bytes[2000], got[4096];
    struct drive d;
    (void)state;
    open_served(&d, running);
    vb_linux_input(d.vb, bytes, message(bytes, 700));
    assert_int_equal(in(&d, got, sizeof got).actual, 24);
    struct vb_result r = in(&d, got, sizeof got);
    assert_int_equal(r.status, VB_OK);
    assert_int_equal(r.actual, 700);
    assert_memory_equal(got, bytes + 24, 700);
    drive_close(&d);
}

static void nothing_ends_whole_packets_but_the_room_or_what_follows(void **state)
{
    uint8_t bytes[2000], got[4096];
    struct drive d;
    (void)state;
    open_served(&d, running);
    size_t len = message(bytes, 1024);
    vb_linux_input(d.vb, bytes, len);
    assert_int_equal(in(&d, got, 512).actual, 24);
    struct vb_result r = in(&d, got, 1024); /* a host that knows the length */
    assert_int_equal(r.status, VB_OK);
    assert_int_equal(r.actual, 1024);
    vb_linux_input(d.vb, bytes, len);
    assert_int_equal(in(&d, got, 512).actual, 24);
    r = in(&d, got, sizeof got); /* one that does not: the transfer goes on */
    assert_int_equal(r.status, VB_NAK);
    assert_int_equal(r.actual, 1024);
    vb_linux_input(d.vb, bytes, 24);
    r = in(&d, got + 1024, sizeof got - 1024);
    assert_int_equal(r.status, VB_OK);
    assert_int_equal(r.actual, 24);
    drive_close(&d);
}

static void a_packet_without_room_is_lost(void **state)
{
    uint8_t bytes[2000], got[4096];
    struct drive d;
    (void)state;
    open_served(&d, running);
    vb_linux_input(d.vb, bytes, message(bytes, 600));
    assert_int_equal(in(&d, got, 16).status, VB_OVERFLOW);
    assert_int_equal(in(&d, got, 16).status, VB_OVERFLOW);
    assert_int_equal(in(&d, got, sizeof got).actual, 88);
    drive_close(&d);
}

static void the_daemon_must_wait_for_a_host_that_does_not_read(void **state)
{
    static uint8_t bytes[70000], got[70000];
    size_t sent = 0, read = 0, len = message(bytes, 65536);
    struct drive d;
    (void)state;
    open_served(&d, running);
    while (vb_linux_room(d.vb) >= len) {
        vb_linux_input(d.vb, bytes, len);
        sent += len;
    }
    assert_true(sent >= 2 * len);
    for (struct vb_result r = in(&d, got, 512); r.actual; r = in(&d, got, 512))
        read += r.actual;
    assert_int_equal(read, sent);
    assert_true(vb_linux_room(d.vb) >= len);
    drive_close(&d);
}

/* ---- faults ---- */

static void the_cable_is_pulled_inside_a_payload(void **state)
{
    uint8_t bytes[2000];
    struct drive d;
    (void)state;
    open_served(&d, "start=linux adbd=x adbgap=300 fault=stage:linux,after:500,do:unplug,for:100");
    message(bytes, 1000);
    assert_int_equal(vb_out(d.vb, OUT, bytes, 24).status, VB_OK);
    assert_int_equal(vb_out(d.vb, OUT, bytes + 24, 1000).status, VB_GONE);
    assert_int_equal(out_len(&d), 0);
    drive_wait(&d, VB_LINUX);
    assert_int_equal(d.now, 1 + 100000 + 300000);
    drive_close(&d);
}

static void an_endpoint_stalls_towards_the_host(void **state)
{
    static const uint8_t clear[8] = {0x02, 1, 0, 0, IN};
    uint8_t bytes[2000], got[4096];
    struct drive d;
    (void)state;
    open_served(&d, "start=linux adbd=x fault=stage:linux,after:10,do:stall");
    vb_linux_input(d.vb, bytes, message(bytes, 100));
    assert_int_equal(in(&d, got, sizeof got).status, VB_STALL);
    assert_int_equal(in(&d, got, sizeof got).status, VB_STALL);
    vb_control(d.vb, clear, NULL, 0);
    assert_int_equal(in(&d, got, sizeof got).actual, 100);
    drive_close(&d);
}

/* ---- coming and going ---- */

static void a_board_found_running_has_booted_once(void **state)
{
    struct vb_linux is;
    struct drive d;
    (void)state;
    drive_open(&d, running);
    vb_linux(d.vb, &is);
    assert_int_equal(is.boot, 1);
    assert_int_equal(is.is_up, 1);
    assert_string_equal(is.daemon, "x");
    drive_close(&d);
}

static void a_reboot_takes_its_time_and_boots_before_it_is_seen(void **state)
{
    struct vb_linux is;
    struct drive d;
    (void)state;
    open_served(&d, running);
    vb_linux_exit(d.vb, VB_LINUX);
    assert_int_equal(drive_stage(&d), VB_OFF);
    vb_linux(d.vb, &is);
    assert_int_equal(is.is_up, 0);
    drive_sleep(&d, 700000);
    vb_linux(d.vb, &is);
    assert_int_equal(is.is_up, 1);
    assert_int_equal(is.boot, 2);
    assert_int_equal(drive_stage(&d), VB_OFF);
    drive_wait(&d, VB_LINUX);
    assert_int_equal(d.now, 1 + 700000 + 300000);
    drive_close(&d);
}

static void a_reboot_without_a_loader_ends_in_the_rom(void **state)
{
    struct drive d;
    (void)state;
    open_served(&d, running);
    vb_linux_exit(d.vb, VB_ROM);
    drive_wait(&d, VB_ROM);
    drive_close(&d);
}

static void a_board_that_was_switched_off_starts_with_the_cable(void **state)
{
    struct drive d;
    (void)state;
    open_served(&d, running);
    vb_linux_exit(d.vb, VB_OFF);
    assert_int_equal(drive_step(&d), 0);
    vb_unplug(d.vb, 1000);
    drive_wait(&d, VB_LINUX);
    drive_close(&d);
}

static void a_reset_or_a_replugged_cable_is_another_link_of_the_same_boot(void **state)
{
    struct vb_linux before, after;
    struct drive d;
    (void)state;
    open_served(&d, "start=linux adbd=x power=own");
    vb_linux(d.vb, &before);
    vb_reset(d.vb);
    vb_linux(d.vb, &after);
    assert_int_not_equal(before.link, after.link);
    vb_unplug(d.vb, 1000);
    drive_wait(&d, VB_LINUX);
    vb_linux(d.vb, &before);
    assert_int_not_equal(before.link, after.link);
    assert_int_equal(before.boot, 1);
    drive_close(&d);
}

static void flashing_ends_in_a_linux_that_boots(void **state)
{
    struct vb_linux is;
    struct drive d;
    (void)state;
    drive_open(&d, "start=fastboot reset=linux adbd=x adbgap=300");
    assert_int_equal(drive_out(&d, 0x02, "reboot", 6), VB_OK);
    assert_true(drive_in(&d, d.reply, sizeof d.reply) >= 4);
    drive_wait(&d, VB_LINUX);
    vb_linux(d.vb, &is);
    assert_int_equal(is.boot, 1);
    drive_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_adb_interface_is_where_the_words_put_it),
        cmocka_unit_test(product_class_and_serial_are_words),
        cmocka_unit_test(header_and_payload_are_transfers_of_their_own),
        cmocka_unit_test(whole_packets_need_an_empty_one_behind_them),
        cmocka_unit_test(a_host_that_sends_too_much_is_not_heard_any_more),
        cmocka_unit_test(a_payload_that_is_too_short_is_waited_for),
        cmocka_unit_test(without_a_daemon_nothing_is_taken),
        cmocka_unit_test(each_transfer_ends_with_its_message_part),
        cmocka_unit_test(nothing_ends_whole_packets_but_the_room_or_what_follows),
        cmocka_unit_test(a_packet_without_room_is_lost),
        cmocka_unit_test(the_daemon_must_wait_for_a_host_that_does_not_read),
        cmocka_unit_test(the_cable_is_pulled_inside_a_payload),
        cmocka_unit_test(an_endpoint_stalls_towards_the_host),
        cmocka_unit_test(a_board_found_running_has_booted_once),
        cmocka_unit_test(a_reboot_takes_its_time_and_boots_before_it_is_seen),
        cmocka_unit_test(a_reboot_without_a_loader_ends_in_the_rom),
        cmocka_unit_test(a_board_that_was_switched_off_starts_with_the_cable),
        cmocka_unit_test(a_reset_or_a_replugged_cable_is_another_link_of_the_same_boot),
        cmocka_unit_test(flashing_ends_in_a_linux_that_boots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
