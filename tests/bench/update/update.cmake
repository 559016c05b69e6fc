# What tests/bench/update/run measures.
add_executable(send_bench ${CMAKE_CURRENT_LIST_DIR}/send_bench.c)
x8_compile_rules(send_bench)
target_link_libraries(send_bench PRIVATE x8_update x8_session x8_adb x8_net x8_util)
