#include "tools/signals.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>

#include "tools/commands.hpp"

namespace lorafleet::tools {

namespace {

std::atomic<bool> waiting{false};
pthread_t waiter_thread;

/// Libraries start threads while they are loaded, before main can block a signal; where such a
/// thread gets one, it hands it on.
void forward(int signal) {
  if (waiting.load()) ::pthread_kill(waiter_thread, signal);
}

}  // namespace

StopOnSignals::StopOnSignals(std::function<void()> notify) : notify_(std::move(notify)) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals_, &previous_mask_);
  waiter_ = std::thread([this] { wait(); });
  waiter_thread = waiter_.native_handle();
  waiting = true;
  struct sigaction action {};
  action.sa_handler = forward;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, &previous_int_);
  ::sigaction(SIGTERM, &action, &previous_term_);
}

StopOnSignals::~StopOnSignals() {
  end_.request_stop();
  ::pthread_kill(waiter_thread, SIGTERM);
  waiter_.join();
  waiting = false;
  ::sigaction(SIGINT, &previous_int_, nullptr);
  ::sigaction(SIGTERM, &previous_term_, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &previous_mask_, nullptr);
}

void StopOnSignals::wait() {
  while (true) {
    int signal = 0;
    if (::sigwait(&signals_, &signal) != 0) continue;
    if (end_.stop_requested()) return;
    if (source_.stop_requested()) ::_exit(kInterrupted);
    notify_();
    source_.request_stop();
  }
}

}  // namespace lorafleet::tools
