#include "instruction_sets.hpp"

#if defined(CLEARPROP_HAS_V3)
#include <cpuid.h>
#endif

namespace clearprop {
namespace {

#if defined(CLEARPROP_HAS_V3)

struct Features {
    unsigned basic = 0;     // leaf 1, ecx
    unsigned extended = 0;  // leaf 7, ebx
    unsigned newer = 0;     // leaf 7, part 1, eax
    unsigned later = 0;     // leaf 0x80000001, ecx
    unsigned saved = 0;     // the registers that the operating system keeps across a task switch
};

// Asked of the processor itself: __builtin_cpu_supports needs a run-time library that not every compiler brings.
Features features() {
    Features found;
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) found.basic = ecx;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) found.extended = ebx;
    if (__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx)) found.newer = eax;
    if (__get_cpuid(0x80000001u, &eax, &ebx, &ecx, &edx)) found.later = ecx;
    constexpr unsigned osxsave = 1u << 27;
    if (found.basic & osxsave) {
        unsigned low = 0, high = 0;
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        found.saved = low;
    }
    return found;
}

bool has(unsigned word, unsigned bits) { return (word & bits) == bits; }

bool runs_v3(const Features& found) {
    constexpr unsigned basic = 1u << 12 | 1u << 22 | 1u << 23 | 1u << 28 | 1u << 29;  // fma movbe popcnt avx f16c
    constexpr unsigned extended = 1u << 3 | 1u << 5 | 1u << 8;                        // bmi avx2 bmi2
    constexpr unsigned lzcnt = 1u << 5;
    return has(found.basic, basic) && has(found.extended, extended) && has(found.later, lzcnt) &&
           has(found.saved, 0x06);  // xmm ymm
}

bool runs_v4(const Features& found) {
    constexpr unsigned extended = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;  // avx512 f dq cd bw vl
    return runs_v3(found) && has(found.extended, extended) && has(found.saved, 0xe6);    // and opmask, zmm
}

#endif

std::vector<const Machine*> find_machines() {
    std::vector<const Machine*> found{&portable::machine};
#if defined(CLEARPROP_HAS_V3)
    const Features present = features();
    if (runs_v3(present)) found.push_back(&v3::machine);
    if (runs_v4(present)) found.push_back(&v4::machine);
#endif
#if defined(CLEARPROP_HAS_NEON)
    found.push_back(&neon::machine);
#endif
    return found;
}

}  // namespace

const std::vector<const Machine*>& machines() {
    // Once: on a virtual machine each question to the processor takes microseconds.
    static const std::vector<const Machine*> found = find_machines();
    return found;
}

bool multiplies_bfloat16(const Machine& machine) {
#if defined(CLEARPROP_HAS_V3)
    constexpr unsigned avx512_bf16 = 1u << 5;
    return machine.multiplies_bfloat16 && has(features().newer, avx512_bf16);
#else
    return machine.multiplies_bfloat16;
#endif
}

}  // namespace clearprop
