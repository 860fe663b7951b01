#include <doctest/doctest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "actors/federation.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet {
namespace {

/// While it lives, this thread (and those that it starts) cannot write to the folder: root, whom no
/// mode stops, acts on files as another user.
class ReadOnly {
 public:
  explicit ReadOnly(std::filesystem::path folder) : folder_(std::move(folder)) {
    ::chmod(folder_.c_str(), 0555);
    if (::geteuid() == 0) ::setfsuid(kSomebodyElse);
  }
  ~ReadOnly() {
    if (::geteuid() == 0) ::setfsuid(0);
    ::chmod(folder_.c_str(), 0755);
  }
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;

  /// False on file systems that know no modes.
  [[nodiscard]] bool holds() const {
    if (!std::ofstream(folder_ / "probe")) return true;
    MESSAGE("skipped: ", folder_.string(), " can be written in spite of its mode");
    return false;
  }

 private:
  static constexpr uid_t kSomebodyElse = 65534;
  std::filesystem::path folder_;
};

/// Where somebody else may write, too.
std::filesystem::path open_folder(const tests::TemporaryFolder& parent, const std::string& name) {
  ::chmod(parent.path().c_str(), 0755);
  make_folder(parent / name);
  ::chmod((parent / name).c_str(), 0777);
  return parent / name;
}

void run_into(const std::filesystem::path& out) {
  actors::FederationConfig config;
  config.train.kind = "surrogate";
  config.train.lr = 0.1;
  config.partition.clients = 4;
  config.clients.per_round = 2;
  config.checkpoint.every_versions = 1;
  config.stop.versions = 3;
  actors::RunOptions options;
  options.out = out;
  options.log = [](const std::string&) {};
  options.warning = [](const std::string&) {};
  actors::run_federation(config, options);
}

TEST_CASE("a run says that its folder cannot be written to") {
  const tests::TemporaryFolder parent;
  const auto out = open_folder(parent, "out");
  const ReadOnly guard(out);
  if (!guard.holds()) return;
  const std::string log = (out / "run.log").string();
  const std::string what = "Failed opening file " + log + " for writing: Permission denied";
  CHECK_THROWS_WITH_AS(run_into(out), what.c_str(), RuntimeFailure);
}

TEST_CASE("a run says that its folder cannot be made") {
  const tests::TemporaryFolder parent;
  ::chmod(parent.path().c_str(), 0755);
  const ReadOnly guard(parent.path());
  if (!guard.holds()) return;
  const std::string what =
      (parent / "out").string() + ": cannot create the folder: Permission denied";
  CHECK_THROWS_WITH_AS(run_into(parent / "out"), what.c_str(), RuntimeFailure);
}

TEST_CASE("a run says that its folder is a file") {
  const tests::TemporaryFolder parent;
  write_file(parent / "out", "a file");
  const std::string what =
      (parent / "out").string() + ": cannot create the folder: Not a directory";
  CHECK_THROWS_WITH_AS(run_into(parent / "out"), what.c_str(), RuntimeFailure);
}

TEST_CASE("a run says that its checkpoints cannot be written, and keeps its events") {
  const tests::TemporaryFolder parent;
  const auto out = open_folder(parent, "out");
  const auto checkpoints = out / "checkpoint";
  make_folder(checkpoints);
  {
    const ReadOnly guard(checkpoints);
    if (!guard.holds()) return;
    const std::string what =
        (checkpoints / "writing-000001").string() + ": cannot create the folder: Permission denied";
    CHECK_THROWS_WITH_AS(run_into(out), what.c_str(), RuntimeFailure);
  }
  CHECK(read_file(out / "events.jsonl").find("\"version_made\"") != std::string::npos);
  CHECK(std::filesystem::is_empty(checkpoints));
}

}  // namespace
}  // namespace lorafleet
