#include "actors/report/data/event_file.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <fstream>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::report {

namespace {

namespace fs = std::filesystem;

/// A piece of the file: whole lines, after `begin` bytes of one that is another piece's.
struct Piece {
  std::vector<char> text;
  std::size_t begin = 0;
};

/// Appends what the file holds from where it is read, at most `size` bytes.
void append(std::ifstream& file, std::size_t size, std::vector<char>& text) {
  const std::size_t before = text.size();
  text.resize(before + size);
  file.read(text.data() + before, static_cast<std::streamsize>(size));
  text.resize(before + static_cast<std::size_t>(file.gcount()));
}

/// The lines that begin in [begin, end) of the file.
Piece read_piece(const fs::path& path, std::uint64_t begin, std::uint64_t end) {
  constexpr std::size_t kStep = 1 << 12;
  std::ifstream file(path, std::ios::binary);
  // With the byte before: a line begins after the end of another.
  const std::uint64_t from = begin == 0 ? 0 : begin - 1;
  file.seekg(static_cast<std::streamoff>(from));
  Piece piece;
  auto& text = piece.text;
  text.reserve(end - from + kStep);
  append(file, end - from, text);
  if (begin > 0) {
    const auto before = std::find(text.begin(), text.end(), '\n');
    if (before == text.end()) return {};
    piece.begin = static_cast<std::size_t>(before + 1 - text.begin());
  }
  while (piece.begin < text.size() && text.back() != '\n' && file) {
    const auto more = static_cast<std::ptrdiff_t>(text.size());
    append(file, kStep, text);
    const auto stop = std::find(text.begin() + more, text.end(), '\n');
    if (stop != text.end()) text.erase(stop + 1, text.end());
  }
  if (file.bad()) throw InputError(path.string(), "cannot read to the end");
  return piece;
}

/// The events of a piece, whose words lie in it.
struct Batch {
  Piece piece;
  std::vector<EventLine> events = {};
  bool broken = false;  ///< the line after the last of them is no event
  bool cut = false;     ///< and has no end
};

Batch parse(Piece piece) {
  constexpr std::size_t kUsual = 180;  // bytes a line
  Batch batch{std::move(piece)};
  const auto& text = batch.piece.text;
  std::string_view rest(text.data(), text.size());
  rest.remove_prefix(batch.piece.begin);
  batch.events.reserve(rest.size() / kUsual + 1);
  while (!rest.empty() && !batch.broken) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    batch.broken = !parse_event(line, batch.events.emplace_back());
    batch.cut = batch.broken && end == rest.size();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (batch.broken) batch.events.pop_back();
  return batch;
}

}  // namespace

void for_each_event(const fs::path& file, const std::function<bool(const EventLine& event)>& take,
                    bool growing) {
  constexpr std::uint64_t kBlock = 1 << 20;
  read_start(file, 1);  // says what is wrong with a file that cannot be read
  const std::uint64_t size = fs::file_size(file);
  const std::size_t most = 2 * std::clamp(std::thread::hardware_concurrency(), 2U, 8U);
  std::deque<std::future<Batch>> ahead;
  std::uint64_t begun = 0;
  std::size_t number = 0;
  while (begun < size || !ahead.empty()) {
    for (; ahead.size() < most && begun < size; begun += kBlock) {
      ahead.push_back(std::async(std::launch::async, [&file, begin = begun, size] {
        return parse(read_piece(file, begin, std::min(begin + kBlock, size)));
      }));
    }
    const Batch batch = ahead.front().get();
    ahead.pop_front();
    for (const EventLine& event : batch.events) {
      ++number;
      if (!take(event))
        throw InputError(at_line(file.string(), number), "is no line of an event log");
    }
    if (batch.broken && !(growing && batch.cut))
      throw InputError(at_line(file.string(), number + 1), "is no line of an event log");
  }
}

}  // namespace lorafleet::report
