#include "memory.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__unix__)
#include <unistd.h>
#endif

namespace clearprop {
namespace {

constexpr std::size_t LEAST_KEPT = 64 << 10, MOST_KEPT = 256 << 20;
constexpr std::size_t LEAST_LENT = 4 << 20;  // what is kept, and larger, the system may have while nobody borrows it

// Stands before each block.
struct Head {
    void* whole;
    std::size_t size;
};

Head& head_of(void* block) { return static_cast<Head*>(block)[-1]; }

std::atomic<void*> kept(nullptr);  // whoever takes it owns it: no lock, which a fork could leave locked

Index find_second_cache() {
#if defined(_SC_LEVEL2_CACHE_SIZE)
    const long told = sysconf(_SC_LEVEL2_CACHE_SIZE);
    if (told > 0) return told;
#endif
    return Index(1) << 20;
}

}  // namespace

Index second_cache() {
    static const Index found = find_second_cache();
    return found;
}

void* allocate(Index bytes) {
    constexpr std::size_t LINE = 64, HUGE = 2 << 20;
    const std::size_t unit = std::size_t(bytes) >= 2 * HUGE ? HUGE : LINE;
    const std::size_t size = (std::size_t(bytes) + unit - 1) / unit * unit;
    // calloc leaves pages alone that come zeroed from the system: threads then first touch those that they work on.
    char* whole = static_cast<char*>(std::calloc(size + unit + LINE, 1));
    if (!whole) throw std::bad_alloc();
    char* block = reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(whole) + sizeof(Head) + unit - 1) / unit * unit);
    head_of(block) = {whole, size};
#if defined(__linux__)
    if (unit == HUGE) madvise(block, size, MADV_HUGEPAGE);  // a wish: fewer pages to look up
#endif
    return block;
}

void release(void* block) {
    if (block) std::free(head_of(block).whole);
}

void* borrow(Index bytes) {
    if (std::size_t(bytes) >= LEAST_KEPT) {
        void* const block = kept.exchange(nullptr, std::memory_order_acq_rel);
        if (block && head_of(block).size >= std::size_t(bytes)) return block;
        release(block);
    }
    return allocate(bytes);
}

void give_back(void* block) {
    if (!block || head_of(block).size < LEAST_KEPT || head_of(block).size > MOST_KEPT) return release(block);
#if defined(__linux__) && defined(MADV_FREE)
    if (head_of(block).size < LEAST_LENT) return release(kept.exchange(block, std::memory_order_acq_rel));
    const std::uintptr_t page = 4096, end = reinterpret_cast<std::uintptr_t>(block) + head_of(block).size;
    const std::uintptr_t start = (reinterpret_cast<std::uintptr_t>(block) + page - 1) / page * page;
    madvise(reinterpret_cast<void*>(start), (end - start) / page * page, MADV_FREE);  // a wish, too
#endif
    release(kept.exchange(block, std::memory_order_acq_rel));
}

Block::Block(Index bytes) : start(allocate(bytes)) {}

Block::~Block() { release(start); }

}  // namespace clearprop
