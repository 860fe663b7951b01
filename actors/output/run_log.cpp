#include "actors/output/run_log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include "partition/support/error.hpp"
#include "partition/support/printable.hpp"

namespace lorafleet::actors {

RunLog::RunLog(const std::filesystem::path& file, Listener info, Listener warning, bool append)
    : info_(std::move(info)), warning_(std::move(warning)) {
  try {
    logger_ = std::make_shared<spdlog::logger>(
        "run", std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string(), !append));
  } catch (const spdlog::spdlog_ex& failure) {
    throw RuntimeFailure(failure.what());  // names the file
  }
  logger_->set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
  logger_->flush_on(spdlog::level::info);
}

RunLog::~RunLog() = default;

void RunLog::info(const std::string& line) {
  note(line);
  const std::scoped_lock lock(mutex_);
  if (info_) info_(line);
}

void RunLog::warning(const std::string& line) {
  logger_->warn("{}", printable(line, true));
  const std::scoped_lock lock(mutex_);
  if (warning_) warning_(line);
}

void RunLog::note(const std::string& line) {
  logger_->info("{}", printable(line, true));
}

}  // namespace lorafleet::actors
