/*
 * Scripts as Arduino and meta-lmp ship them for the Portenta X8, as strings.
 */
#ifndef X8_TESTS_VENDOR_SCRIPTS_H
#define X8_TESTS_VENDOR_SCRIPTS_H

#define HEAD_1_2_39                                                                                \
    "uuu_version 1.2.39\n\nSDP: boot -f imx-boot-mfgtool\n\nSDPV: delay 1000\n"                    \
    "SDPV: write -f u-boot-mfgtool.itb\nSDPV: jump\n\n"
#define HEAD_0_64_43                                                                               \
    "uuu_version 0.64.43\n\nSDP: boot -f imx-boot-mfgtool\n\nSDPV: delay 1000\n"                   \
    "SDPV: write -f u-boot-mfgtool.itb\nSDPV: jump\n\n"

#define FULL_IMAGE                                                                                 \
    HEAD_1_2_39                                                                                    \
    "FB: ucmd setenv fastboot_dev mmc\n"                                                           \
    "FB: ucmd setenv mmcdev ${emmc_dev}\n"                                                         \
    "FB: ucmd mmc dev ${emmc_dev} 1; mmc erase 0 0x2000\n"                                         \
    "FB: flash -raw2sparse all ../lmp-factory-image-portenta-x8.wic.gz/*\n"                        \
    "FB: flash bootloader ../imx-boot-portenta-x8\n"                                               \
    "FB: flash bootloader2 ../u-boot-portenta-x8.itb\n"                                            \
    "FB: flash bootloader_s ../imx-boot-portenta-x8\n"                                             \
    "FB: flash bootloader2_s ../u-boot-portenta-x8.itb\n"                                          \
    "FB: flash sit ../sit-portenta-x8.bin\n"                                                       \
    "FB: ucmd if env exists emmc_ack; then ; else setenv emmc_ack 0; fi;\n"                        \
    "FB: ucmd mmc partconf ${emmc_dev} ${emmc_ack} 1 0\n"                                          \
    "FB: done\n"

#define ERASE_EMMC                                                                                 \
    HEAD_1_2_39                                                                                    \
    "FB: ucmd setenv fastboot_dev mmc\n"                                                           \
    "FB: ucmd setenv mmcdev ${emmc_dev}\n"                                                         \
    "FB: ucmd mmc dev ${emmc_dev} 1; mmc erase 0 4A7D80\n"                                         \
    "FB: done\n"

#define PROBE_EMMC                                                                                 \
    HEAD_0_64_43 "FB: ucmd mmc list\nFB: ucmd mmc dev 2\nFB: ucmd mmc info\nFB: done\n"

#define TEST_RAM                                                                                   \
    HEAD_0_64_43                                                                                   \
    "FB: ucmd bdinfo\nFB: ucmd base\nFB: ucmd md.b 0x40400000 0x100\n"                             \
    "FB: ucmd setenv fastboot_buffer ${loadaddr}\n"                                                \
    "FB: download -f fitImage-portenta-x8-mfgtool\n"                                               \
    "FB: ucmd md.b ${loadaddr} 0x100\nFB: ucmd md.b 0x1000 0x04\n"                                 \
    "FB: acmd mtest 0x40000000 0x40040000 0xaa55aa55 0x100\nFB: done\n"

#define LINUX_INITRAMFS                                                                            \
    HEAD_0_64_43                                                                                   \
    "FB: ucmd setenv loadaddr 0x50000000\n"                                                        \
    "FB: ucmd setenv fastboot_buffer ${loadaddr}\n"                                                \
    "FB: download -f fitImage-portenta-x8-mfgtool\n"                                               \
    "FB: ucmd setenv earlycon \"ec_imx6q,0x30880000,115200\"\n"                                    \
    "FB: ucmd setenv bootargs console=${console},${baudrate} rdinit=/linuxrc clk_ignore_unused\n"  \
    "SDPV: delay 1000\n"                                                                           \
    "FB: acmd bootm ${loadaddr}\n"                                                                 \
    "FB: done\n"

#define SECURE_LINES                                                                               \
    "FB: ucmd imx_is_closed || true\n"                                                             \
    "FB: ucmd if fiovb init ${emmc_dev} && test -n \"${board_is_closed}\"; then setenv fiovb_rpmb" \
    " 1; else true; fi\n"                                                                          \
    "FB[-t 50000]: ucmd if test -n \"${fiovb_rpmb}\"; then fiovb write_pvalue bootcount 0; else"   \
    " true; fi\n"

#endif
