#include "actors/output/tensorboard/tensorboard_log.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "actors/output/rounds_csv.hpp"
#include "actors/output/tensorboard/record.hpp"
#include "tests/actors/output/tensorboard/event_reader.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet {
namespace {

using actors::tensorboard::TensorBoardLog;
using tests::EventReader;
using tests::ReadEvent;

std::vector<actors::Event> golden_log(const std::string& mode) {
  std::vector<actors::Event> log;
  const auto path = tests::golden_folder() / "events" / (mode + ".jsonl");
  for_each_line(path, [&](std::string_view line, std::size_t number) {
    log.push_back(actors::from_json_line(std::string(line), path.string(), number));
  });
  return log;
}

std::vector<ReadEvent> read_number(const tests::TemporaryFolder& folder, std::uint64_t number) {
  return EventReader::read(read_file(folder / TensorBoardLog::file_name(number)));
}

model::Evaluation score_by_length(double loss) {
  model::Evaluation evaluation;
  evaluation.total = {10, 4, 4 * loss, 1};
  evaluation.metrics["rouge_l"] = 0.25;
  evaluation.by_context_length = {{3, 20, evaluation.total}, {21, 64, evaluation.total}};
  return evaluation;
}

ReadEvent read_back(const actors::tensorboard::SummaryEvent& event) {
  return EventReader::read(actors::tensorboard::record_of(event.bytes())).at(0);
}

}  // namespace

TEST_CASE("sums of records are CRC-32C") {
  using actors::tensorboard::crc32c;
  CHECK(crc32c("123456789") == 0xE3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AA);    // RFC 3720, B.4
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43);  // likewise
  CHECK(crc32c("") == 0);
  CHECK(tests::plain_crc32c("123456789") == 0xE3069283);
  std::string text;
  for (int i = 0; i < 300; ++i) {
    CHECK(crc32c(text) == tests::plain_crc32c(text));
    text += static_cast<char>(i * 37);
  }
}

TEST_CASE("a damaged record is noticed by the reader") {
  std::string record = actors::tensorboard::record_of(actors::tensorboard::first_event(0.0));
  CHECK(EventReader::read(record).at(0).file_version == "brain.Event:2");
  record[14] = static_cast<char>(record[14] ^ 1);
  CHECK_THROWS(EventReader::read(record));
}

TEST_CASE("an event has its time, its step and its scalars, also those that are not finite") {
  actors::tensorboard::SummaryEvent event(12.5, 300);
  CHECK(event.empty());
  event.scalar("a/b", 0.1);
  event.scalar("ü", -std::numeric_limits<double>::infinity());
  const ReadEvent read = read_back(event);
  CHECK(read.wall_time == 12.5);
  CHECK(read.step == 300);
  CHECK(read.scalars.at("a/b") == 0.1f);
  CHECK(read.scalars.at("ü") == -std::numeric_limits<float>::infinity());
}

TEST_CASE("whole numbers near each other have a bucket each, others thirty at most") {
  actors::tensorboard::SummaryEvent event(0.0, 0);
  event.histogram("whole", {3, 0, 1, 1, std::nan("")});
  std::vector<double> many(1000);
  for (std::size_t i = 0; i < many.size(); ++i)
    many[i] = 0.001 * static_cast<double>(i) + 0.0001;
  event.histogram("many", many);
  event.histogram("one", {2.5});
  event.histogram("none", {std::nan("")});
  const ReadEvent read = read_back(event);
  const auto& whole = read.histograms.at("whole");
  CHECK(whole.least == 0.0);
  CHECK(whole.largest == 3.0);
  CHECK(whole.number == 4.0);
  CHECK(whole.sum == 5.0);
  CHECK(whole.sum_of_squares == 11.0);
  CHECK(whole.limits == std::vector<double>{0.5, 1.5, 2.5, 3.5});
  CHECK(whole.counts == std::vector<double>{1, 2, 0, 1});
  const auto& spread = read.histograms.at("many");
  CHECK(spread.limits.size() == 30);
  CHECK(std::is_sorted(spread.limits.begin(), spread.limits.end()));
  CHECK(spread.limits.back() == spread.largest);
  CHECK(std::accumulate(spread.counts.begin(), spread.counts.end(), 0.0) == 1000.0);
  for (const double count : spread.counts)
    CHECK(std::abs(count - 1000.0 / 30.0) < 2.0);
  CHECK(read.histograms.at("one").number == 1.0);
  CHECK_FALSE(read.histograms.contains("none"));
}

TEST_CASE("TensorBoard's file says what rounds.csv says, at the same virtual times") {
  for (const std::string mode : {"sync", "fedbuff", "fedasync", "tiered"}) {
    CAPTURE(mode);
    const tests::TemporaryFolder folder;
    TensorBoardLog written(folder.path());
    actors::RoundsCsv rounds;
    std::vector<double> losses;
    std::vector<actors::VersionMade> versions;
    std::vector<double> seconds;
    for (const auto& event : golden_log(mode)) {
      written.add(event);
      rounds.add(event);
      const auto* made = std::get_if<actors::VersionMade>(&event.what);
      if (made == nullptr) continue;
      losses.push_back(rounds.latest_train_loss());
      versions.push_back(*made);
      seconds.push_back(event.time.seconds());
      // It is on its way to the disk already.
      CHECK(read_number(folder, 0).size() == versions.size() + 1);
    }
    written.add_evaluation({2}, score_by_length(1.5));
    const auto events = read_number(folder, 0);
    REQUIRE(events.size() == versions.size() + 2);
    CHECK(events[0].file_version == "brain.Event:2");
    for (std::size_t i = 0; i < versions.size(); ++i) {
      const ReadEvent& event = events[i + 1];
      CHECK(event.step == static_cast<std::int64_t>(versions[i].version.value));
      CHECK(event.wall_time == seconds[i]);
      CHECK(event.scalars.at("train/loss") == doctest::Approx(losses[i]));
      CHECK(event.scalars.at("fleet/staleness") == doctest::Approx(versions[i].mean_staleness));
      CHECK(event.scalars.at("adapter/norm") == doctest::Approx(versions[i].adapter_norm));
      const auto& staleness = event.histograms.at("updates/staleness");
      CHECK(staleness.number == static_cast<double>(versions[i].updates));
      CHECK(staleness.sum / staleness.number == doctest::Approx(versions[i].mean_staleness));
      CHECK(event.scalars.at("fleet/jobs_in_flight") >= 0.0f);
    }
    const ReadEvent& scored = events.back();
    CHECK(scored.step == 2);
    CHECK(scored.wall_time == seconds[1]);
    CHECK(scored.scalars.at("eval/loss") == 1.5f);
    CHECK(scored.scalars.at("eval/rouge_l") == 0.25f);
    CHECK(scored.scalars.at("eval_perplexity_by_context/21_to_64") ==
          doctest::Approx(std::exp(1.5)));
  }
}

TEST_CASE("a run that goes on writes a file of its own from the beginning") {
  const tests::TemporaryFolder folder;
  const auto log = golden_log("fedbuff");
  {
    TensorBoardLog killed(folder.path());
    for (std::size_t i = 0; i < log.size() / 2; ++i)
      killed.add(log[i]);
  }
  const std::string before = read_file(folder / TensorBoardLog::file_name(0));
  TensorBoardLog resumed(folder.path());
  for (const auto& event : log)
    resumed.add(event);
  CHECK_FALSE(std::filesystem::exists(folder / TensorBoardLog::file_name(0)));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  CHECK(read_file(folder / TensorBoardLog::file_name(1)).starts_with(before));
}

}  // namespace lorafleet
