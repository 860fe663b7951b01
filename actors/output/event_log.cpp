#include "actors/output/event_log.hpp"

#include <chrono>
#include <utility>

namespace lorafleet::actors {

namespace {

constexpr std::size_t kBatch = 512;
constexpr std::size_t kMostWaiting = 4 * kBatch;
/// Whoever watches the file sees an event this late at most.
constexpr std::chrono::milliseconds kPatience{100};

}  // namespace

EventLog::EventLog(std::filesystem::path file, std::uint64_t keep, Listener listener)
    : path_(std::move(file)),
      listener_(std::move(listener)),
      file_(path_, keep),
      thread_([this] { work(); }) {}

EventLog::~EventLog() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  filled_.notify_one();
  thread_.join();
}

std::string EventLog::replay(const Listener& take) {
  const std::string name = path_.string();
  for_each_line(path_, [&](std::string_view line, std::size_t number) {
    const std::string text(line);
    hash_.update(text + '\n');
    take(from_json_line(text, name, number));
  });
  return hash_.hex();
}

void EventLog::add(const Event& event) {
  std::unique_lock lock(mutex_);
  drained_.wait(lock, [this] { return waiting_.size() < kMostWaiting || failure_; });
  if (failure_) std::rethrow_exception(failure_);
  waiting_.push_back(event);
  const bool wake = waiting_.size() == kBatch && !writing_;
  lock.unlock();
  if (wake) filled_.notify_one();
}

EventLog::Position EventLog::settle() {
  std::unique_lock lock(mutex_);
  hurry_ = true;
  filled_.notify_one();
  drained_.wait(lock, [this] { return (waiting_.empty() && !writing_) || failure_; });
  hurry_ = false;
  if (failure_) std::rethrow_exception(failure_);
  file_.sync();
  return {file_.size(), hash_.hex()};
}

void EventLog::work() {
  std::vector<Event> batch;
  std::unique_lock lock(mutex_);
  while (true) {
    filled_.wait_for(lock, kPatience,
                     [this] { return closing_ || waiting_.size() >= (hurry_ ? 1 : kBatch); });
    if (waiting_.empty()) {
      if (closing_) return;
      continue;
    }
    batch.swap(waiting_);
    writing_ = true;
    lock.unlock();
    drained_.notify_one();
    std::exception_ptr failure;
    try {
      write(batch);
    } catch (...) {
      failure = std::current_exception();
    }
    batch.clear();
    lock.lock();
    writing_ = false;
    failure_ = failure;
    drained_.notify_one();
    if (failure_) return;
  }
}

void EventLog::write(const std::vector<Event>& events) {
  text_.clear();
  for (const Event& event : events) {
    append_json_line(text_, event);
    text_ += '\n';
    listener_(event);
  }
  hash_.update(text_);
  file_.write(text_);
  file_.flush();
}

}  // namespace lorafleet::actors
