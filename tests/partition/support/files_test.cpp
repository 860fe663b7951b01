#include "partition/support/files.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "partition/support/error.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

}  // namespace

TEST_CASE("a file that is not committed leaves nothing, and what was there stays") {
  const tests::TemporaryFolder folder;
  {
    AtomicFile file(folder / "new");
    file.write("half");
    CHECK(names_in(folder.path()) == std::vector<std::string>{"new.tmp"});
  }
  CHECK(names_in(folder.path()).empty());
  write_file(folder / "old", "first");
  {
    AtomicFile file(folder / "old");
    file.write("second");
  }
  CHECK(names_in(folder.path()) == std::vector<std::string>{"old"});
  CHECK(read_file(folder / "old") == "first");
}

TEST_CASE("a committed file appears whole under its name and takes the place of an older one") {
  const tests::TemporaryFolder folder;
  write_file(folder / "file", "a longer text than the next");
  AtomicFile file(folder / "file");
  file.write("one ");
  file.write(std::string_view("t\0o", 3));
  CHECK(read_file(folder / "file") == "a longer text than the next");
  file.commit();
  CHECK(read_file(folder / "file") == std::string("one t\0o", 7));
  CHECK(names_in(folder.path()) == std::vector<std::string>{"file"});
}

TEST_CASE("a file that cannot be written names its path and the reason") {
  const tests::TemporaryFolder folder;
  const auto absent = folder / "absent/file";
  CHECK_THROWS_WITH_AS(AtomicFile{absent},
                       (absent.string() + ": cannot create: No such file or directory").c_str(),
                       RuntimeFailure);
  make_folder(folder / "taken/inner");
  const auto taken = folder / "taken";
  CHECK_THROWS_WITH_AS(write_file(taken, "x"),
                       (taken.string() + ": cannot finish: Is a directory").c_str(),
                       RuntimeFailure);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"taken"});
}

TEST_CASE("a file that cannot be read names its path and the reason") {
  const tests::TemporaryFolder folder;
  const auto place = folder.path().string();
  CHECK_THROWS_WITH_AS(read_file(folder / "absent"), (place + "/absent: no such file").c_str(),
                       InputError);
  CHECK_THROWS_WITH_AS(read_file(folder.path()),
                       (place + ": is a folder, a file was expected").c_str(), InputError);
  CHECK_THROWS_AS(for_each_line(folder / "absent", [](std::string_view, std::size_t) {}),
                  InputError);
}

TEST_CASE("lines come without their ends and with their numbers, the last one needs no end") {
  const tests::TemporaryFolder folder;
  write_file(folder / "lines", "one\r\n\n three \nfour");
  std::vector<std::string> lines;
  for_each_line(folder / "lines", [&](std::string_view line, std::size_t number) {
    lines.push_back(std::to_string(number) + ":" + std::string(line));
  });
  CHECK(lines == std::vector<std::string>{"1:one", "2:", "3: three ", "4:four"});
}

TEST_CASE("a private folder is for its user alone") {
  const tests::TemporaryFolder folder;
  const auto mine = folder / "a/mine";
  make_private_folder(mine);
  CHECK(fs::status(mine).permissions() == fs::perms::owner_all);
  fs::permissions(mine, fs::perms::owner_all | fs::perms::others_read | fs::perms::group_exec);
  make_private_folder(mine);
  CHECK(fs::status(mine).permissions() == fs::perms::owner_all);
  write_file(mine / "kept", "x");
  make_private_folder(mine);
  CHECK(names_in(mine) == std::vector<std::string>{"kept"});
}

TEST_CASE("a folder that others may have written to is not taken for a private one") {
  const tests::TemporaryFolder folder;
  const auto open = folder / "open";
  make_folder(open);
  fs::permissions(open, fs::perms::all);
  CHECK_THROWS_AS(make_private_folder(open), InputError);
  fs::create_directory_symlink(open, folder / "link");
  CHECK_THROWS_WITH_AS(
      make_private_folder(folder / "link"),
      ((folder / "link").string() + ": is no folder; a folder, and no link, was expected").c_str(),
      InputError);
  write_file(folder / "file", "x");
  CHECK_THROWS_AS(make_private_folder(folder / "file"), InputError);
}

TEST_CASE("a folder of another user is not taken for a private one" *
          doctest::skip(::geteuid() != 0)) {
  const tests::TemporaryFolder folder;
  const auto theirs = folder / "theirs";
  make_private_folder(theirs);
  REQUIRE(::chown(theirs.c_str(), 12345, 12345) == 0);
  CHECK_THROWS_WITH_AS(
      make_private_folder(theirs),
      (theirs.string() + ": belongs to another user; a folder of one's own was expected").c_str(),
      InputError);
  CHECK_THROWS_AS(make_private_folder(theirs / "inner"), InputError);
  CHECK(names_in(theirs).empty());
}

TEST_CASE("a folder is locked by one at a time") {
  const tests::TemporaryFolder folder;
  {
    const FolderLock lock(folder.path());
    const std::string what = folder.path().string() + ": another process is working in this folder";
    CHECK_THROWS_WITH_AS(FolderLock(folder.path()), what.c_str(), InputError);
  }
  CHECK_NOTHROW(FolderLock(folder.path()));
}
