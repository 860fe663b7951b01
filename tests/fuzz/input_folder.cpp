#include "tests/fuzz/input_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

namespace lorafleet::fuzz {

namespace fs = std::filesystem;

InputFolder::InputFolder() {
  const fs::path memory = "/dev/shm";
  std::string name =
      ((fs::is_directory(memory) ? memory : fs::temp_directory_path()) / "lorafleet-fuzz-XXXXXX")
          .string();
  if (::mkdtemp(name.data()) == nullptr) throw std::logic_error("cannot make " + name);
  path_ = name;
}

InputFolder::~InputFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path InputFolder::write(const fs::path& name, std::string_view bytes) const {
  const fs::path file = path_ / name;
  std::ofstream stream(file, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream) throw std::logic_error("cannot write " + file.string());
  return file;
}

void InputFolder::remove(const fs::path& name) const {
  std::error_code ignored;
  fs::remove(path_ / name, ignored);
}

}  // namespace lorafleet::fuzz
