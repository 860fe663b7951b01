#include "partition/support/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "partition/support/error.hpp"

namespace lorafleet {

namespace {

std::ifstream open_for_reading(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw InputError(path.string(), "no such file");
  if (std::filesystem::is_directory(status)) {
    throw InputError(path.string(), "is a folder, a file was expected");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw InputError(path.string(), std::string("cannot read: ") + std::strerror(errno));
  return stream;
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  auto stream = open_for_reading(path);
  std::string bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (stream.bad()) throw InputError(path.string(), "cannot read to the end");
  return bytes;
}

void for_each_line(const std::filesystem::path& path,
                   const std::function<void(std::string_view, std::size_t)>& line) {
  std::string begun;  // a line whose end is in a later block
  std::size_t number = 0;
  const auto tell = [&](std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    line(text, ++number);
  };
  for_each_block(path, [&](std::string_view block) {
    while (!block.empty()) {
      const std::size_t end = block.find('\n');
      if (end == block.npos) {
        begun += block;
        return;
      }
      if (begun.empty()) {
        tell(block.substr(0, end));
      } else {
        begun += block.substr(0, end);
        tell(begun);
        begun.clear();
      }
      block.remove_prefix(end + 1);
    }
  });
  if (!begun.empty()) tell(begun);
}

void for_each_block(const std::filesystem::path& path,
                    const std::function<void(std::string_view)>& block) {
  constexpr std::size_t kBlock = 1 << 18;
  auto stream = open_for_reading(path);
  std::string bytes(kBlock, '\0');
  while (stream) {
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    block(std::string_view(bytes.data(), static_cast<std::size_t>(stream.gcount())));
  }
  if (stream.bad()) throw InputError(path.string(), "cannot read to the end");
}

std::string read_start(const std::filesystem::path& path, std::size_t size) {
  auto stream = open_for_reading(path);
  std::string bytes(size, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(size));
  if (stream.bad()) throw InputError(path.string(), "cannot read");
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(std::move(path)), temporary_(path_.string() + ".tmp") {
  file_ = std::fopen(temporary_.c_str(), "wb");
  if (file_ == nullptr) fail("create");
}

AtomicFile::~AtomicFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

void AtomicFile::write(std::string_view bytes) {
  if (bytes.empty()) return;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail("write");
}

void AtomicFile::commit() {
  if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) fail("write");
  const int closed = std::fclose(file_);
  file_ = nullptr;
  if (closed != 0 || std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
    errno = reason;
    fail("finish");
  }
}

void AtomicFile::fail(std::string_view action) const {
  throw RuntimeFailure(path_.string() + ": cannot " + std::string(action) + ": " +
                       std::strerror(errno));
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

GrowingFile::GrowingFile(std::filesystem::path path, std::uint64_t keep) : path_(std::move(path)) {
  file_ = std::fopen(path_.c_str(), keep > 0 ? "r+b" : "wb");
  if (file_ == nullptr) fail(keep > 0 ? "open" : "create");
  if (keep == 0) return;
  struct stat found = {};
  if (::fstat(::fileno(file_), &found) != 0) fail("open");
  if (static_cast<std::uint64_t>(found.st_size) < keep) {
    std::fclose(file_);
    throw InputError(path_.string(), "has " + std::to_string(found.st_size) +
                                         " bytes; the checkpoint needs the first " +
                                         std::to_string(keep));
  }
  if (::ftruncate(::fileno(file_), static_cast<off_t>(keep)) != 0 ||
      std::fseek(file_, 0, SEEK_END) != 0) {
    fail("truncate");
  }
  size_ = keep;
}

GrowingFile::~GrowingFile() {
  if (file_ != nullptr) std::fclose(file_);
}

void GrowingFile::write(std::string_view bytes) {
  if (bytes.empty()) return;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail("write");
  size_ += bytes.size();
}

void GrowingFile::flush() {
  if (std::fflush(file_) != 0) fail("write");
}

void GrowingFile::sync() {
  flush();
  if (::fdatasync(::fileno(file_)) != 0) fail("write");
}

void GrowingFile::fail(std::string_view action) const {
  throw RuntimeFailure(path_.string() + ": cannot " + std::string(action) + ": " +
                       std::strerror(errno));
}

void rename_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto fail = [&] {
    return RuntimeFailure(to.string() + ": cannot finish: " + std::strerror(errno));
  };
  if (std::rename(from.c_str(), to.c_str()) != 0) throw fail();
  const int parent = ::open(std::filesystem::absolute(to).parent_path().c_str(), O_RDONLY);
  if (parent < 0) throw fail();
  const int synced = ::fsync(parent);
  ::close(parent);
  if (synced != 0) throw fail();
}

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw RuntimeFailure(path.string() + ": cannot create the folder: " + error.message());
}

FolderLock::FolderLock(const std::filesystem::path& folder)
    : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  // Whoever looks whether the folder is locked (tools/watch.cpp) holds it for a moment.
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    if (folder_ < 0 || ::flock(folder_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    ::usleep(20'000);
  }
  ::close(folder_);
  throw InputError(folder.string(), "another process is working in this folder");
}

FolderLock::~FolderLock() {
  if (folder_ >= 0) ::close(folder_);
}

void make_private_folder(const std::filesystem::path& path) {
  const auto refused = [&] {
    return RuntimeFailure(path.string() +
                          ": cannot make a private folder: " + std::strerror(errno));
  };
  const auto parent = std::filesystem::absolute(path).parent_path();
  make_folder(parent);
  struct stat around = {};
  if (::stat(parent.c_str(), &around) != 0) throw refused();
  if (around.st_uid != ::geteuid() && around.st_uid != 0) {
    throw InputError(parent.string(),
                     "belongs to another user, who could exchange what is in it; "
                     "a folder of one's own was expected");
  }
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw refused();
  struct stat found = {};
  if (::lstat(path.c_str(), &found) != 0) throw refused();
  if (!S_ISDIR(found.st_mode)) {
    throw InputError(path.string(), "is no folder; a folder, and no link, was expected");
  }
  if (found.st_uid != ::geteuid()) {
    throw InputError(path.string(), "belongs to another user; a folder of one's own was expected");
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw InputError(path.string(),
                     "other users may write to it, so its contents cannot be "
                     "trusted; remove it, and it will be made anew");
  }
  if (::chmod(path.c_str(), 0700) != 0) throw refused();
}

}  // namespace lorafleet
