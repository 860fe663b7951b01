#include "bench/training/examples.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "partition/support/csv.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::bench {
namespace {

constexpr std::size_t kLongest = 1 << 20;

std::size_t length_in(const std::string& cell, const std::string& place) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || value < 1 || value > kLongest) {
    throw InputError(place, "\"" + cell + "\" is no length; allowed: 1 to 1048576");
  }
  return value;
}

}  // namespace

std::vector<ExampleLength> read_lengths(const std::filesystem::path& file) {
  std::vector<ExampleLength> lengths;
  bool header = true;
  for_each_csv_record(read_file(file), {',', '#', true}, [&](CsvRecord& record) {
    const std::string place = at_line(file.string(), record.line);
    if (header) {
      if (record.cells != std::vector<std::string>{"tokens", "labels"}) {
        throw InputError(place, "the header has to be \"tokens,labels\"");
      }
      header = false;
      return;
    }
    if (record.cells.size() != 2) throw InputError(place, "needs two cells: tokens, labels");
    const ExampleLength length{length_in(record.cells[0], place),
                               length_in(record.cells[1], place)};
    if (length.labels >= length.tokens) {
      throw InputError(place, "an example has more tokens than labels: the first is none");
    }
    lengths.push_back(length);
  });
  if (lengths.empty() || lengths.size() % (2 * kStepExamples) != 0) {
    throw InputError(file.string(), "has " + std::to_string(lengths.size()) +
                                        " examples; allowed: a multiple of " +
                                        std::to_string(2 * kStepExamples));
  }
  return lengths;
}

std::vector<ExampleLength> lengths_of(const std::string& data, const std::filesystem::path& file) {
  if (data == "mixed") return read_lengths(file);
  return std::vector<ExampleLength>(kExamples, {kDenseTokens, kDenseLabels});
}

double label_share(const std::vector<ExampleLength>& lengths) {
  double tokens = 0.0;
  double labels = 0.0;
  for (const ExampleLength& length : lengths) {
    tokens += static_cast<double>(length.tokens);
    labels += static_cast<double>(length.labels);
  }
  return labels / tokens;
}

model::EncodedDataPtr random_examples(const model::ModelShape& shape,
                                      const std::vector<ExampleLength>& lengths) {
  Random random(7, Purpose::sample);
  auto data = std::make_shared<model::EncodedData>();
  for (const ExampleLength& length : lengths) {
    if (static_cast<std::int64_t>(length.tokens) > shape.positions) {
      throw InputError("--lengths", std::to_string(length.tokens) +
                                        " tokens are more than the base's positions: " +
                                        std::to_string(shape.positions));
    }
    std::vector<std::int32_t> tokens(length.tokens);
    for (auto& token : tokens) {
      token = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(shape.vocabulary)));
    }
    data->add(tokens, length.tokens - length.labels, length.tokens - length.labels);
  }
  return data;
}

std::vector<Indices> in_groups(std::size_t count, std::size_t size) {
  std::vector<Indices> groups;
  for (std::size_t first = 0; first + size <= count; first += size) {
    groups.emplace_back(size);
    std::iota(groups.back().begin(), groups.back().end(), static_cast<std::uint32_t>(first));
  }
  return groups;
}

}  // namespace lorafleet::bench
