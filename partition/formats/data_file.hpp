#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace lorafleet::partition {

/// Enough of a file to tell its form: "version" and "data", a header, a first row.
inline constexpr std::size_t kStartOfFile = 1 << 16;

/// Throws InputError where `start`, the first bytes of `path`, are not UTF-8 text but of a kind
/// that people do have (Parquet, Arrow, compressed files, UTF-16, a pointer of Git LFS, and, unless
/// `markup` may be data, a web page): the message says how to convert it.
void refuse_other_kinds(const std::filesystem::path& path, std::string_view start, bool markup);

/// The first character that is neither white space nor part of a byte order mark; '\0' without one.
char first_letter(std::string_view start);

/// The first line, without byte order mark and line end.
std::string_view first_line(std::string_view start);

}  // namespace lorafleet::partition
