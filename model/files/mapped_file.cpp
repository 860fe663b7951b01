#include "model/files/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "partition/support/error.hpp"

namespace lorafleet::model {

MappedFile::MappedFile(const std::filesystem::path& path) {
  const auto refuse = [&path](int reason) {
    throw InputError(path.string(), reason == ENOENT
                                        ? "no such file"
                                        : std::string("cannot read: ") + std::strerror(reason));
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) refuse(errno);
  struct stat status {};
  void* address = nullptr;
  int reason = 0;
  if (::fstat(descriptor, &status) != 0) {
    reason = errno;
  } else if (!S_ISREG(status.st_mode)) {
    reason = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  } else if (status.st_size > 0) {  // an empty range cannot be mapped
    address = ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE,
                     descriptor, 0);
    if (address == MAP_FAILED) reason = errno;
  }
  ::close(descriptor);
  if (reason != 0) refuse(reason);
  bytes_ = {static_cast<const std::byte*>(address), static_cast<std::size_t>(status.st_size)};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::release(std::span<const std::byte> part) const {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(part.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(part.data() + part.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace lorafleet::model
