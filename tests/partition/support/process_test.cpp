#include "partition/support/process.hpp"

#include <doctest/doctest.h>

#include "partition/support/error.hpp"

using namespace lorafleet;

namespace {

struct Ran {
  std::vector<std::string> lines;
  ProcessResult result;
};

Ran run(const std::vector<std::string>& arguments) {
  Ran ran;
  ran.result = run_program(arguments, [&](std::string_view line) { ran.lines.emplace_back(line); });
  return ran;
}

}  // namespace

TEST_CASE("a program's lines, errors and exit status come back") {
  const auto ran = run({"sh", "-c", "echo one; echo; printf two; echo bad >&2; exit 3"});
  CHECK(ran.lines == std::vector<std::string>{"one", "", "two"});
  CHECK(ran.result.errors == "bad\n");
  CHECK(ran.result.status == 3);
  CHECK(run({"sh", "-c", "kill -9 $$"}).result.status == 137);
}

TEST_CASE("arguments reach the program as they are") {
  const std::string odd = "a b 'c' \"d\" $HOME ; echo e *";
  CHECK(run({"printf", "%s|", odd, ""}).lines == std::vector<std::string>{odd + "||"});
}

TEST_CASE("much output on both channels does not block") {
  const auto ran = run({"sh", "-c",
                        "i=0; while [ $i -lt 20000 ]; do echo $i; echo e$i >&2; "
                        "i=$((i+1)); done"});
  CHECK(ran.lines.size() == 20000);
  CHECK(ran.lines.back() == "19999");
  CHECK(ran.result.errors.size() == 65536);
  CHECK(ran.result.errors.ends_with("e19999\n"));
}

TEST_CASE("a program that is not there is a failure, and what the reader throws comes through") {
  CHECK_THROWS_AS(run({"lorafleet-no-such-program"}), RuntimeFailure);
  CHECK_THROWS_WITH(run_program({"sh", "-c", "while :; do echo y; done"},
                                [](std::string_view) { throw InputError("here", "stop"); }),
                    "here: stop");
}
