# Builds the fuzzers in a tree of their own and runs each for some seconds, where clang can.
find_program(FUZZ_CLANG clang++)
if(FUZZ_CLANG)
  execute_process(COMMAND ${FUZZ_CLANG} -print-file-name=libclang_rt.fuzzer-x86_64.a
    OUTPUT_VARIABLE fuzzer_runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
  execute_process(COMMAND ${FUZZ_CLANG} --print-runtime-dir
    OUTPUT_VARIABLE clang_runtime_dir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  file(GLOB fuzzer_runtimes "${clang_runtime_dir}/libclang_rt.fuzzer*.a")
endif()
if(NOT FUZZ_CLANG OR NOT (EXISTS "${fuzzer_runtime}" OR fuzzer_runtimes) OR LORAFLEET_SANITIZE)
  message(STATUS "The fuzzers are not run: they need clang++ with libFuzzer and a plain build")
  return()
endif()

set(fuzz_tree ${CMAKE_BINARY_DIR}/fuzz)
add_test(NAME fuzz/build COMMAND ${CMAKE_CTEST_COMMAND}
  --build-and-test ${CMAKE_SOURCE_DIR} ${fuzz_tree} --build-generator Ninja
  --build-options -DLORAFLEET_FUZZ=ON -DCMAKE_CXX_COMPILER=${FUZZ_CLANG} -DCMAKE_BUILD_TYPE=Fuzz
  "-DCMAKE_CXX_FLAGS_FUZZ=-O1 -gline-tables-only -D_GLIBCXX_ASSERTIONS")
set_tests_properties(fuzz/build PROPERTIES FIXTURES_SETUP fuzzers LABELS slow TIMEOUT 2400
  PROCESSORS 2)

foreach(target safetensors torch_file tokenizer data scenario model_json quant_state manifest sim_files wire chat_template)
  set(inputs ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${target})
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/findings/${target})
    list(APPEND inputs ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/findings/${target})
  endif()
  file(MAKE_DIRECTORY ${fuzz_tree}/found/${target})
  add_test(NAME fuzz/run_${target} COMMAND ${fuzz_tree}/tests/fuzz/fuzz_${target}
    -max_total_time=10 -max_len=8192 -timeout=5 -rss_limit_mb=512 -malloc_limit_mb=64
    -artifact_prefix=${fuzz_tree}/found/${target}-
    -dict=${CMAKE_CURRENT_SOURCE_DIR}/fuzz/dictionaries/${target}.dict
    ${fuzz_tree}/found/${target} ${inputs})
  set_tests_properties(fuzz/run_${target} PROPERTIES FIXTURES_REQUIRED fuzzers LABELS slow TIMEOUT 300
    ENVIRONMENT "ASAN_OPTIONS=quarantine_size_mb=16")
endforeach()
