#pragma once

#include <cstdint>
#include <functional>

namespace lorafleet::model {

/// Once, first thing in main: keeps freed memory in the process, since page faults otherwise take a
/// good part of the training time, chooses BLAS's kernels, limits BLAS and oneDNN as below, and
/// makes cuBLAS deterministic.
void configure_process();

/// OpenBLAS built on pthreads does not follow configure_thread and would compute with all cores in
/// every slot: sets it to one thread. Does nothing to OpenBLAS built on OpenMP, or to another BLAS.
/// `symbol` gives the address of a loaded function by its name, or null.
void limit_blas_threads(const std::function<void*(const char*)>& symbol);

/// oneDNN keeps a compiled product for each shape that it met, 1024 of them unless told otherwise,
/// and packed batches rarely have the same number of rows twice: keeps 128. Does nothing where
/// oneDNN is not there, or hidden inside LibTorch.
void limit_primitive_cache(const std::function<void*(const char*)>& symbol);

/// In every thread that computes, before it does: `threads` of LibTorch's intra-op threads. The
/// setting belongs to the thread.
void configure_thread(int threads);

/// The address of a loaded function; null where there is none.
void* loaded(const char* name);

/// What this process has in memory now.
std::int64_t rss_bytes();

/// The largest resident set of this process so far, or since reset_peak_rss.
std::int64_t peak_rss_bytes();

/// Lets peak_rss_bytes begin anew. Returns whether the kernel could (Linux since 4.0).
bool reset_peak_rss();

}  // namespace lorafleet::model
