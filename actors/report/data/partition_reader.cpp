#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "actors/report/data/run_data.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::report {

namespace {

/// Takes what a page shows out of partition.json while it is read: the ids of the examples, most of
/// the file, are passed over.
class PartitionSax : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit PartitionSax(Partition& partition) : partition_(partition) {}

  bool start_object(std::size_t /*size*/) override { return enter(); }
  bool start_array(std::size_t /*size*/) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    path_.back().key = std::move(name);
    return true;
  }
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool number_integer(number_integer_t value) override {
    return number(static_cast<double>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return number(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t& /*text*/) override {
    return number(value);
  }
  bool string(string_t& value) override {
    if (at(0) == "kind") known_ = value == "lorafleet.partition";
    if (at(0) == "skews" && path_.size() == 3 && at(2) == "by") skew().by = value;
    if (at(0) == "skews" && path_.size() == 4 && at(2) == "bins") {
      places_.back()[value] = static_cast<std::uint32_t>(skew().bins.size());
      skew().bins.push_back(value);
    }
    if (path_.size() == 4) ++path_.back().index;
    return true;
  }
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    problem = error.what();
    return false;
  }
  [[nodiscard]] bool known() const { return known_; }

  std::string problem;

 private:
  struct Level {
    std::string key;
    std::size_t index = 0;
  };

  [[nodiscard]] const std::string& at(std::size_t level) const {
    static const std::string kNone;
    return level < path_.size() ? path_[level].key : kNone;
  }
  SkewTable& skew() { return partition_.skews.back(); }

  bool enter() {
    constexpr std::size_t kDeepest = 16;
    if (path_.size() == kDeepest) {
      problem = "nested too deeply";
      return false;
    }
    if (path_.size() == 2 && at(0) == "skews") {
      partition_.skews.emplace_back();
      places_.emplace_back();
    }
    if (path_.size() == 2 && at(0) == "clients") {
      partition_.sizes.push_back(0);
      for (SkewTable& skew : partition_.skews) {
        skew.rows.emplace_back();
        skew.distance.push_back(0.0F);
      }
    }
    path_.emplace_back();
    return true;
  }
  bool leave() {
    path_.pop_back();
    if (!path_.empty()) ++path_.back().index;
    return true;
  }

  bool number(double value) {
    if (path_.empty()) return true;
    if (at(0) == "sizes" && at(1) == "gini") partition_.gini = value;
    if (at(0) == "skews" && path_.size() == 3) {
      if (at(2) == "js_distance_mean") skew().distance_mean = value;
      if (at(2) == "js_distance_max") skew().distance_max = value;
    }
    if (at(0) == "clients" && path_.size() >= 3) client_number(value);
    ++path_.back().index;
    return true;
  }

  void client_number(double value) {
    const std::size_t place = path_.size() > 3 ? path_[3].index : 0;
    if (at(2) == "size") partition_.sizes.back() = static_cast<std::uint32_t>(value);
    if (at(2) == "js_distance" && path_.size() == 4 && place < partition_.skews.size())
      partition_.skews[place].distance.back() = static_cast<float>(value);
    if (at(2) != "bins" || path_.size() != 5 || place >= partition_.skews.size()) return;
    const auto bin = places_[place].find(at(4));
    if (bin == places_[place].end()) return;
    partition_.skews[place].rows.back().emplace_back(bin->second,
                                                     static_cast<std::uint32_t>(value));
  }

  Partition& partition_;
  std::vector<Level> path_;
  std::vector<std::unordered_map<std::string, std::uint32_t>> places_;  ///< of bins, by skew
  bool known_ = false;
};

}  // namespace

Partition read_partition(const std::filesystem::path& file) {
  Partition partition;
  PartitionSax sax(partition);
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw InputError(file.string(), "cannot be read");
  const bool whole = nlohmann::json::sax_parse(stream, &sax);
  if (!whole) throw InputError(file.string(), "not valid JSON: " + sax.problem);
  if (!sax.known()) throw InputError(file.string(), "not a partition manifest");
  return partition;
}

}  // namespace lorafleet::report
