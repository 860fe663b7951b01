#include "partition/formats/data_file.hpp"

#include <algorithm>
#include <array>

#include "partition/support/error.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

using namespace std::string_view_literals;

/// What a user does about a file: `{}` stands for its path, `{.}` for that without its ending.
struct Kind {
  std::string_view magic;
  std::string_view name;
  std::string_view remedy;
  bool (*agrees)(std::string_view start) = nullptr;  ///< where a text can begin with the magic too
};

/// Bytes that no text has: a Parquet file begins with a page's header.
bool has_control_bytes(std::string_view start) {
  return std::any_of(
      start.begin(), start.begin() + std::min<std::size_t>(start.size(), 64),
      [](unsigned char c) { return c < 0x20 && c != '\t' && c != '\n' && c != '\r'; });
}

bool is_bzip2(std::string_view start) {
  return start.size() >= 10 && start[3] >= '1' && start[3] <= '9' && start.substr(4, 6) == "1AY&SY";
}

constexpr std::string_view kFromParquet =
    "convert it with Python:\n"
    "  import pandas\n"
    "  pandas.read_parquet(\"{}\").to_json(\"{.}.jsonl\", orient=\"records\", lines=True)";
constexpr std::string_view kFromArrow =
    "convert it with Python:\n"
    "  import datasets\n"
    "  datasets.Dataset.from_file(\"{}\").to_json(\"{.}.jsonl\", lines=True)";
constexpr std::string_view kFromUtf16 = "convert it: iconv -f UTF-16 -t UTF-8 {} > {}.utf8";

constexpr std::array kKinds = {
    Kind{"PAR1"sv, "a Parquet file", kFromParquet, has_control_bytes},
    Kind{"ARROW1\0\0"sv, "an Arrow file", kFromArrow},
    Kind{"\xFF\xFF\xFF\xFF"sv, "an Arrow stream", kFromArrow},
    Kind{"\x1F\x8B"sv, "compressed (gzip)", "unpack it: gzip -d -k {}"},
    Kind{"\x28\xB5\x2F\xFD"sv, "compressed (Zstandard)", "unpack it: zstd -d {}"},
    Kind{"\xFD"
         "7zXZ\0"sv,
         "compressed (xz)", "unpack it: xz -d -k {}"},
    Kind{"BZh"sv, "compressed (bzip2)", "unpack it: bzip2 -d -k {}", is_bzip2},
    Kind{"PK\x03\x04"sv, "a ZIP archive, or a sheet of Excel",
         "unpack it (unzip {}), or save the sheet as CSV in UTF-8"},
    Kind{"7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive", "unpack it"},
    Kind{"SQLite format 3\0"sv, "a database of SQLite", "export its rows as CSV"},
    Kind{"\xFF\xFE"sv, "UTF-16", kFromUtf16},
    Kind{"\xFE\xFF"sv, "UTF-16", kFromUtf16},
    Kind{"version https://git-lfs.github.com/"sv, "a pointer of Git LFS, not the file itself",
         "fetch it: git lfs pull"},
};

constexpr std::array kMarkup = {
    Kind{"<!DOCTYPE html"sv, "a web page", "download the file itself"},
    Kind{"<!doctype html"sv, "a web page", "download the file itself"},
    Kind{"<html"sv, "a web page", "download the file itself"},
};

void replace_all(std::string& text, std::string_view from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

[[noreturn]] void refuse(const std::filesystem::path& path, std::string_view name,
                         std::string_view remedy) {
  std::string text(remedy);
  replace_all(text, "{.}", (path.parent_path() / path.stem()).string());
  replace_all(text, "{}", path.string());
  throw InputError(path.string(), "is " + std::string(name) + "; UTF-8 text was expected; " + text);
}

/// Every second byte of Latin text in UTF-16 is 0.
bool looks_like_utf16(std::string_view start) {
  const auto text = start.substr(0, 256);
  const auto zeros = std::count(text.begin(), text.end(), '\0');
  return text.size() >= 8 && static_cast<std::size_t>(zeros) >= text.size() / 3;
}

}  // namespace

void refuse_other_kinds(const std::filesystem::path& path, std::string_view start, bool markup) {
  for (const auto& kind : kKinds) {
    const bool is = start.starts_with(kind.magic) && (!kind.agrees || kind.agrees(start));
    if (is) refuse(path, kind.name, kind.remedy);
  }
  for (const auto& kind : kMarkup) {
    if (!markup && start.starts_with(kind.magic)) refuse(path, kind.name, kind.remedy);
  }
  if (path.extension() == ".parquet") refuse(path, "named like a Parquet file", kFromParquet);
  if (path.extension() == ".arrow") refuse(path, "named like an Arrow file", kFromArrow);
  if (looks_like_utf16(start)) refuse(path, "UTF-16 without a byte order mark", kFromUtf16);
}

char first_letter(std::string_view start) {
  start = without_byte_order_mark(start);
  const auto at = start.find_first_not_of(" \t\r\n");
  return at == start.npos ? '\0' : start[at];
}

std::string_view first_line(std::string_view start) {
  start = without_byte_order_mark(start);
  return start.substr(0, start.find_first_of("\r\n"));
}

}  // namespace lorafleet::partition
