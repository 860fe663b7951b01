#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace lorafleet {

/// The whole file. Throws InputError that names the file and the reason.
std::string read_file(const std::filesystem::path& path);

/// Calls `line(text, number)` for each line (without its end, "\r\n" included; numbers from 1).
/// Throws InputError when the file cannot be read.
void for_each_line(const std::filesystem::path& path,
                   const std::function<void(std::string_view, std::size_t)>& line);

/// Calls `block(bytes)` for one piece of the file after another. Throws as `for_each_line`.
void for_each_block(const std::filesystem::path& path,
                    const std::function<void(std::string_view)>& block);

/// The first bytes of the file, at most `size`. Throws as `read_file`.
std::string read_start(const std::filesystem::path& path, std::size_t size);

/// A file that appears under its name only when it is whole: written to `path` + ".tmp", then
/// renamed by `commit`. Destroyed without `commit`, it leaves nothing. Throws RuntimeFailure with
/// the path and the system's reason.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  /// Flushes to the disk and renames.
  void commit();

 private:
  [[noreturn]] void fail(std::string_view action) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::FILE* file_ = nullptr;
};

/// AtomicFile in one step.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// A file that grows in place, for logs that outlive a crash. Throws RuntimeFailure with the path
/// and the system's reason.
class GrowingFile {
 public:
  /// Keeps the first `keep` bytes of what is there; the file is made where there is none. Throws
  /// InputError where it is shorter.
  explicit GrowingFile(std::filesystem::path path, std::uint64_t keep = 0);
  ~GrowingFile();
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  void write(std::string_view bytes);
  /// What was written so far is seen by other programs afterwards.
  void flush();
  /// What was written so far is on the disk afterwards.
  void sync();
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  [[noreturn]] void fail(std::string_view action) const;

  std::filesystem::path path_;
  std::FILE* file_ = nullptr;
  std::uint64_t size_ = 0;
};

/// Gives a whole folder its name, its files being on the disk already. Throws RuntimeFailure.
void rename_folder(const std::filesystem::path& from, const std::filesystem::path& to);

/// Creates the folder and its parents. Throws RuntimeFailure.
void make_folder(const std::filesystem::path& path);

/// While it lives, no other FolderLock on the folder can be made, by this process or another on the
/// same machine; a crash releases it. Throws InputError where there is one. Where the file system
/// knows no locks there is none.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int folder_ = -1;
};

/// Creates the folder for this user alone (mode 0700; its parents as make_folder does). One that is
/// there is closed to others. Throws InputError where it is no folder or a link, belongs to
/// somebody else, was open for others to write, or lies in a folder of somebody else than root:
/// then its contents cannot be trusted. Throws RuntimeFailure where the system refuses.
void make_private_folder(const std::filesystem::path& path);

}  // namespace lorafleet
