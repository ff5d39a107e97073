// MIEN_VECTOR_WIDTHS before a function compiles several versions of it, for CPUs with vectors of
// 2, 4 and 8 doubles; which one runs is chosen when the program starts. Products and sums are not
// contracted (-ffp-contract=off), so that all versions give the same bits. MIEN_FUSED_WIDTHS is for
// the one file that is compiled otherwise (fused_sums.cc): 4 doubles come with fused steps.
#pragma once

// Sanitizers are not yet up when the choice is made.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MIEN_VECTOR_WIDTHS __attribute__((target_clones("avx512f", "avx2", "default")))
#define MIEN_FUSED_WIDTHS __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define MIEN_VECTOR_WIDTHS
#define MIEN_FUSED_WIDTHS
#endif
