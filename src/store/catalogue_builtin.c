/*
 * The catalogue that is part of the program. A company's own file has the same form.
 *
 * Sources: Arduino's firmware release notes and the tags of arduino/lmp-manifest; sizes and the
 * digests of 934 as published by users who flashed it. Numbers of releases after 91.9 are not
 * published: "latest" finds them.
 */
#include "store/catalogue.h"

#include <string.h>

static const char text[] =
    "{\"format\":1,\"base\":\"https://downloads.arduino.cc/portentax8image/\","
    "\"latest\":\"image-latest.tar.gz\",\"images\":["
    "{\"image\":\"934\",\"release\":\"91.9\",\"date\":\"2025-08\",\"lmp\":\"91\","
    "\"file\":\"934.tar.gz\",\"size\":1097240589,"
    "\"sha256\":\"2f2065c7b10ce33d8444a138353187c507727b5109ddca325506ecaea1efe221\","
    "\"parts\":{"
    "\"lmp-factory-image-portenta-x8.wic.gz\":"
    "\"a9571a611922170ea7a350a250abd45493652e21393ec6a6806ca1365da73df0\","
    "\"lmp-factory-image-portenta-x8.wic\":"
    "\"8bc5938a61418c02665baf0d721800045c2caf9818ff1e2c2ab33ca44cad9cc7\","
    "\"imx-boot-portenta-x8\":"
    "\"9cd4dbf7acdb4c4737cc50ad2d23d7deeb136920d37ba42f6ac064b5aaa531df\","
    "\"u-boot-portenta-x8.itb\":"
    "\"b4c055ed4fe6aa7f553fdf2cdcefbfea528d5917abf740a8b55510b52682af08\","
    "\"sit-portenta-x8.bin\":"
    "\"c8afc30f003ec18c278ef8da3307f075ffad0bd744565feb95e09f2e8f3d16da\","
    "\"mfgtool-files-portenta-x8.tar.gz\":"
    "\"ddeaa6f239feb5cfe9b88ae67a2fe8ef586d52faa8dad609320e338ed596ab2a\"},"
    "\"notes\":\"last of 91; first login has an empty password\"},"
    "{\"image\":\"881\",\"release\":\"91.5\",\"date\":\"2024-09\",\"lmp\":\"91\","
    "\"notes\":\"first login has an empty password\"},"
    "{\"image\":\"861\",\"release\":\"91.2\",\"date\":\"2024-06-26\",\"lmp\":\"91\","
    "\"file\":\"861.tar.gz\",\"notes\":\"PCIe and RS-485 fixed\"},"
    "{\"image\":\"846\",\"release\":\"91.1\",\"date\":\"2024-05-15\",\"lmp\":\"91\","
    "\"file\":\"846.tar.gz\",\"notes\":\"UART3 pull-up fixed\"},"
    "{\"image\":\"844\",\"release\":\"91\",\"date\":\"2024-05-10\",\"lmp\":\"91\","
    "\"file\":\"844.tar.gz\",\"notes\":\"first login asks for a new password\"},"
    "{\"image\":\"822\",\"release\":\"88.94\",\"date\":\"2024-04-08\",\"lmp\":\"88\","
    "\"file\":\"822.tar.gz\",\"notes\":\"CAN back to the driver of 746\"},"
    "{\"image\":\"746\",\"release\":\"88.91\",\"date\":\"2023-10-25\",\"lmp\":\"88\","
    "\"file\":\"746.tar.gz\",\"notes\":\"Hat Carrier\"},"
    "{\"image\":\"719\",\"release\":\"88.7\",\"date\":\"2023-09-27\",\"lmp\":\"88\","
    "\"file\":\"719.tar.gz\",\"notes\":\"PWM fan, Pika Spark\"},"
    "{\"image\":\"674\",\"release\":\"88.2\",\"date\":\"2023-03\",\"lmp\":\"88\","
    "\"file\":\"674.tar.gz\",\"size\":854998055,\"notes\":\"first with aklite-offline\"},"
    "{\"image\":\"569\",\"date\":\"2023-02\",\"notes\":\"the example of Arduino's manual\"},"
    "{\"image\":\"456\",\"date\":\"2022-07\",\"file\":\"456.tar.gz\"},"
    "{\"image\":\"399\",\"date\":\"2021-12\",\"notes\":\"no IMAGE_VERSION, no aklite-offline\"}"
    "]}";

int x8_catalogue_builtin(struct x8_catalogue *out, struct x8_error *err)
{
    struct x8_span span = {(const uint8_t *)text, sizeof(text) - 1};

    return x8_catalogue_parse(span, "built in", NULL, out, err);
}
