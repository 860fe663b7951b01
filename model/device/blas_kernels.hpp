#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace lorafleet::model {

/// Generations of x86 vector instructions; each has those before it.
enum class VectorIsa {
  sse,
  avx,
  avx2,   ///< with FMA
  avx512  ///< F, CD, BW, DQ and VL: Skylake's servers and later ones, Zen 4
};
const char* name_of(VectorIsa isa);

/// What this CPU and its operating system can do; `sse` for other architectures.
VectorIsa cpu_vector_isa();

/// What an OpenBLAS core ("Prescott", "Haswell", "SkylakeX") computes with; `avx512` for one not
/// known here, since it is younger than this list.
VectorIsa vector_isa_of_core(std::string_view core);

/// The matrix kernels that BLAS computes with: they decide on speed and on bits.
struct BlasKernels {
  std::string core;     ///< OpenBLAS's name of them, "SkylakeX"; empty: BLAS does not say
  std::string instead;  ///< what OpenBLAS had chosen, where choose_blas_kernels chose another
  std::string warning;  ///< what is slow, or was asked for in vain; empty: nothing
};

/// Lets OpenBLAS take the kernels that the CPU can run, where it chose older ones by itself: 0.3.21
/// takes Intel's newer CPUs for a Prescott of 2004 (OpenBLAS issue 4267), and AMD's with AVX-512
/// for a Haswell. Before anything is computed and before threads start. A choice of the user's
/// (OPENBLAS_CORETYPE) stays, unless it is no core's name. `symbol` gives the address of a loaded
/// function by its name, or null.
BlasKernels choose_blas_kernels(const std::function<void*(const char*)>& symbol, VectorIsa cpu);

/// The kernels of this process, chosen at the first call.
const BlasKernels& blas_kernels();

}  // namespace lorafleet::model
