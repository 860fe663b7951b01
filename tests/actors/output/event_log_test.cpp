#include "actors/output/event_log.hpp"

#include <doctest/doctest.h>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/hash.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet {
namespace {

using actors::Event;
using actors::EventLog;

Event lost(std::uint64_t seq) {
  return {{static_cast<std::int64_t>(seq) * 10},
          actors::UpdateLost{{{static_cast<std::uint32_t>(seq % 7)}, {seq}}, {seq / 3}, "late"}};
}

std::string text_of(std::uint64_t first, std::uint64_t last) {
  std::string text;
  for (std::uint64_t seq = first; seq <= last; ++seq)
    text += actors::to_json_line(lost(seq)) + '\n';
  return text;
}

const EventLog::Listener nobody = [](const Event&) {};

TEST_CASE("the event log has every line in order, and tells how far it is") {
  const tests::TemporaryFolder folder;
  const auto file = folder / "events.jsonl";
  std::string heard;
  EventLog log(file, 0, [&](const Event& event) { heard += actors::to_json_line(event) + '\n'; });
  CHECK(log.settle().bytes == 0);
  std::uint64_t seq = 0;
  for (const std::uint64_t end : {1u, 2u, 700u, 20'000u}) {
    while (seq < end)
      log.add(lost(++seq));
    const auto position = log.settle();
    const std::string expected = text_of(1, end);
    CHECK(position.bytes == expected.size());
    CHECK(position.sha256 == sha256_hex(expected));
    CHECK(read_file(file) == expected);
    CHECK(heard == expected);
  }
}

TEST_CASE("an event log that is given up has what was added") {
  const tests::TemporaryFolder folder;
  {
    EventLog log(folder / "events.jsonl", 0, nobody);
    for (std::uint64_t seq = 1; seq <= 1000; ++seq)
      log.add(lost(seq));
  }
  CHECK(read_file(folder / "events.jsonl") == text_of(1, 1000));
}

TEST_CASE("an event log goes on where a checkpoint was, and forgets what came after") {
  const tests::TemporaryFolder folder;
  const auto file = folder / "events.jsonl";
  write_file(file, text_of(1, 50));
  EventLog log(file, text_of(1, 40).size(), nobody);
  std::vector<std::uint64_t> seen;
  const std::string sha256 = log.replay([&](const Event& event) {
    seen.push_back(std::get<actors::UpdateLost>(event.what).id.seq.value);
  });
  CHECK(sha256 == sha256_hex(text_of(1, 40)));
  CHECK(seen.size() == 40);
  log.add(lost(41));
  CHECK(log.settle().sha256 == sha256_hex(text_of(1, 41)));
  CHECK(read_file(file) == text_of(1, 41));
}

TEST_CASE("a full disk is told by the next call, and by every one after") {
  EventLog log("/dev/full", 0, nobody);
  log.add(lost(1));
  CHECK_THROWS_WITH_AS(log.settle(), "/dev/full: cannot write: No space left on device",
                       RuntimeFailure);
  CHECK_THROWS_AS(log.add(lost(2)), RuntimeFailure);
  CHECK_THROWS_AS(log.settle(), RuntimeFailure);
}

TEST_CASE("what a listener throws is told too") {
  const tests::TemporaryFolder folder;
  EventLog log(folder / "events.jsonl", 0,
               [](const Event&) { throw RuntimeFailure("trace.json: cannot write"); });
  const auto flood = [&] {
    for (std::uint64_t seq = 1; seq <= 100'000; ++seq)
      log.add(lost(seq));
  };
  CHECK_THROWS_WITH_AS(flood(), "trace.json: cannot write", RuntimeFailure);
}

}  // namespace
}  // namespace lorafleet
