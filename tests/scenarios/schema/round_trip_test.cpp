#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "scenarios/schema/reader.hpp"
#include "scenarios/schema/schema.hpp"
#include "scenarios/schema/toml_text.hpp"
#include "tests/scenarios/schema/differing_keys.hpp"
#include "tests/scenarios/schema/scenario_files.hpp"

namespace lorafleet {
namespace {

using scenarios::Field;
using scenarios::Scenario;
using scenarios::Table;

std::vector<std::filesystem::path> shipped() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(tests::source_folder() / "scenarios")) {
    const auto folder = entry.path().parent_path().filename();
    const bool sweep = folder == "sweeps" || folder == "studies";
    if (!sweep && entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Values drawn by the schema itself: any scenario that single keys allow.
class RandomScenario {
 public:
  void fill(const Table& table, void* owner) {
    for (const auto& field : table.fields()) {
      std::visit([&](auto member) { draw(field, member); }, field.in(owner));
    }
  }

 private:
  static double real(const Limits& limits) {
    const double low = limits.low.value_or(-1e6);
    const double high = limits.high.value_or(low + 1e9);
    const double part = *rc::gen::inRange<std::int64_t>(1, 1 << 30) / double(1 << 30);
    const double value = low + (high - low) * part;
    return limits.allow(value) ? value : low + (high - low) * 0.5;
  }
  static std::int64_t whole(const Limits& limits) {
    const auto low = static_cast<std::int64_t>(limits.low.value_or(-1000));
    return *rc::gen::inRange<std::int64_t>(
        low, static_cast<std::int64_t>(limits.high.value_or(1e15)) + 1);
  }
  static std::string text(const Field& field) {
    if (!field.names.empty()) return *rc::gen::elementOf(field.names);
    // Any bytes but those that are no UTF-8.
    return *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
  }

  static void draw(const Field&, bool* member) { *member = *rc::gen::arbitrary<bool>(); }
  static void draw(const Field& field, std::int64_t* member) { *member = whole(field.limits); }
  static void draw(const Field& field, std::uint64_t* member) {
    *member = static_cast<std::uint64_t>(whole(field.limits));
  }
  static void draw(const Field& field, double* member) { *member = real(field.limits); }
  static void draw(const Field& field, std::string* member) { *member = text(field); }
  static void draw(const Field&, std::filesystem::path* member) {
    *member = *rc::gen::element<std::string>("/a/b", "/some where/\"quoted\"\\", "/x");
  }
  static void draw(const Field& field, std::vector<std::string>* member) {
    member->resize(*rc::gen::inRange<std::size_t>(1, 4));
    for (auto& value : *member)
      value = text(field);
  }
  static void draw(const Field& field, std::vector<double>* member) {
    member->resize(*rc::gen::inRange<std::size_t>(0, 4));
    for (auto& value : *member)
      value = real(field.limits);
  }
  static void draw(const Field& field, sim::Distribution* member) {
    using Kind = sim::Distribution::Kind;
    member->kind = *rc::gen::element(Kind::constant, Kind::uniform, Kind::lognormal, Kind::pareto);
    member->first = real(field.limits);
    member->second = 0.0;
    if (member->kind == Kind::uniform)
      member->second = member->first + real({0.0, 9.0, true, true});
    if (member->kind == Kind::lognormal || member->kind == Kind::pareto) {
      member->second = real({0.0, 9.0, true, true});
    }
  }
  void draw(const Field& field, scenarios::TableMember member) {
    fill(*field.table, member.object);
  }
  void draw(const Field& field, const scenarios::ListMember& member) {
    member.resize(member.list, *rc::gen::inRange<std::size_t>(0, 4));
    for (std::size_t i = 0; i < member.size(member.list); ++i) {
      fill(*field.table, member.at(member.list, i));
    }
  }
  static void draw(const Field&, std::vector<scenarios::Expectation>* member) {
    member->resize(*rc::gen::inRange<std::size_t>(0, 3));
    for (std::size_t i = 0; i < member->size(); ++i) {
      (*member)[i] = {"final.score " + std::to_string(i), real({}), std::nullopt};
      if (*rc::gen::arbitrary<bool>()) (*member)[i].above = real({});
    }
  }
};

TEST_CASE("any scenario that is written reads back equal") {
  CHECK(rc::check("to_toml, then read", [] {
    Scenario written;
    RandomScenario().fill(scenarios::schema(), &written);
    scenarios::reset_idle(scenarios::schema(), &written, written.federation);

    const std::string text = scenarios::to_toml(written);
    Scenario read;
    scenarios::Report report;
    scenarios::read_document(scenarios::parse_toml(text, "written"), "/", "/", read, report);
    report.throw_errors();
    const auto differences = tests::differing_keys(written, read);
    if (!differences.empty()) RC_FAIL(join(differences) + "\n" + text);
    RC_ASSERT(scenarios::to_toml(read) == text);
  }));
}

TEST_CASE("a changed key is found by name") {
  Scenario a;
  Scenario b;
  CHECK(tests::differing_keys(a, b).empty());
  b.federation.aggregation.staleness.b = 9.0;
  b.federation.devices.tiers.emplace_back();
  b.federation.encoding.max_tokens = 3;
  CHECK(tests::differing_keys(a, b) ==
        std::vector<std::string>{"data.max_tokens", "aggregation.staleness.b", "devices.tiers"});
}

TEST_CASE(
    "every shipped scenario is right, without warnings, and reads back equal from its resolved "
    "form") {
  const tests::ScenarioFolder folder;
  const std::vector<std::string> sets = {"data.path=" + (folder.path() / "rows.jsonl").string()};
  CHECK(shipped().size() >= 7);
  for (const auto& file : shipped()) {
    CAPTURE(file.string());
    const bool reads_data = read_file(file).find("[data]") != std::string::npos;
    std::vector<std::string> own = reads_data ? sets : std::vector<std::string>{};
    const bool makes_base = file.parent_path().filename() == "families";
    if (makes_base) own.push_back("model.path=" + (folder.path() / "base").string());
    const Scenario scenario = scenarios::read_scenario(file, own);
    CHECK(scenario.warnings.empty());
    const Scenario again = folder.read(scenarios::to_toml(scenario));
    CHECK(tests::differing_keys(scenario, again) == std::vector<std::string>{});
    CHECK(again.warnings.empty());
  }
}

TEST_CASE("the resolved scenario holds absolute paths and all keys that have an effect") {
  const tests::ScenarioFolder folder;
  const auto text = scenarios::to_toml(
      folder.read(tests::ScenarioFolder::required() + "[aggregation]\nmode = \"fedasync\"\n"));
  CHECK(text.find("path = \"" + (folder.path() / "base").string() + "\"\n") != std::string::npos);
  CHECK(text.find("\nalpha = 0.6\n") != std::string::npos);
  CHECK(text.find("\nstaleness = { fn = \"polynomial\", a = 0.5 }\n") != std::string::npos);
  CHECK(text.find("\nepochs = 1\n") != std::string::npos);
  CHECK(text.find("steps") == std::string::npos);
  CHECK(text.find("per_round") == std::string::npos);
  CHECK(text.find("buffer_size") == std::string::npos);
}

TEST_CASE("a run may go on with what does not change its results") {
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(tests::ScenarioFolder::required());
  auto other = scenario;
  other.federation.train.recompute = "layer";
  other.federation.model.packing = "none";
  other.federation.slots.cohort = 4;
  CHECK(scenarios::identity(other) == scenarios::identity(scenario));
  other.federation.train.batch_tokens += 1;
  CHECK(scenarios::identity(other) != scenarios::identity(scenario));
}

TEST_CASE("a run may go on on other GPUs, not on a CPU instead") {
  const tests::ScenarioFolder folder;
  const auto identity = [&](const std::string& device) {
    auto scenario = folder.read(tests::ScenarioFolder::required());
    scenario.federation.slots.device = device;
    return scenarios::identity(scenario);
  };
  for (const char* gpus : {"cuda:1", "cuda:*", "cuda:0,cuda:2"})
    CHECK(identity(gpus) == identity("cuda"));
  CHECK(identity("cpu") != identity("cuda"));
}

TEST_CASE("a run that began when truncation had no usual word is the same run") {
  const tests::ScenarioFolder folder;
  const auto identity = [&](const std::string& truncation) {
    auto scenario = folder.read(tests::ScenarioFolder::required());
    if (!truncation.empty()) scenario.federation.encoding.truncation = truncation;
    return scenarios::identity(scenario);
  };
  CHECK(identity("") == identity("cut_context_left"));
  CHECK(identity("") != identity("cut_context_right"));
}

}  // namespace
}  // namespace lorafleet
