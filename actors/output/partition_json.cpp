#include "actors/output/partition_json.hpp"

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::actors {

void write_manifest(const FederationConfig& config, const Workload& work, bool resumed,
                    const std::filesystem::path& file) {
  const std::string manifest = manifest_of(config, work);
  if (resumed && read_file(file) != manifest) {
    throw InputError(file.string(),
                     "is not the partition that the data give now: they changed "
                     "since the run began; allowed: the same data");
  }
  write_file(file, manifest);
}

}  // namespace lorafleet::actors
