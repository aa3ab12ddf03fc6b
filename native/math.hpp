// Elementary functions of a scalar or a vector, without branches, tables or calls, at most 4 units in the last place
// (erfc_scaled_of: 6) from the truth, subnormal results included. What has no value, and a nan, gives a nan.
//
// All polynomials interpolate at Chebyshev nodes (the largest error is then within a few per cent of the least
// possible), were computed at 60 digits and rounded once; the errors named are those of the rounded coefficients.
// Without a fused product and sum they are as good: no step relies on it, unless the product is exact.
#pragma once

#include "vector.hpp"

namespace clearprop::CLEARPROP_ISA {

template <class T>
struct Constants;

template <>
struct Constants<double> {
    static constexpr int DIGITS = 52, BIAS = 1023;  // digits of a mantissa; the exponent field of 1
    static constexpr double MOST = 0x1.fffffffffffffp+1023, LEAST_NORMAL = 0x1p-1022;
    static constexpr double LOG2_E = 1.4426950408889634;
    static constexpr double LN2_HIGH = 0x1.62e42fefa3p-1;  // 41 digits: exact times an exponent
    static constexpr double LN2_LOW = 2.8235290563031577e-13;
    static constexpr double HALF_ROOT = 0.70710678118654752440;
    static constexpr double HEAD = 0x1.8p32;  // added and taken away, it leaves 20 binary places: 26 digits below 64

    static constexpr double EXP_LOWEST = -780, EXP_HIGHEST = 710.5;  // beyond: 0 (times 780, too) and inf
    // (eʳ - 1 - r) / r² for |r| ≤ 0.3468: eʳ to a relative 1.6e-17, eʳ - 1 to 4.1e-17.
    static constexpr double EXP[] = {
        0.5000000000000001,    0.16666666666666669,    0.04166666666662394,    0.008333333333330048,
        0.0013888888917307917, 0.0001984126986312606,  2.4801521149665677e-05, 2.7557268347499137e-06,
        2.762015799025116e-07, 2.510043897623718e-08};
    // (2 artanh(s) / s - 2) / s² by s², |s| ≤ 0.1716: the logarithm to a relative 4.2e-18.
    static constexpr double LOG[] = {0.666666666666667,   0.39999999999899033, 0.28571428626190487, 0.22222211099711295,
                                     0.18182891680439733, 0.15331636699545695, 0.1461749869387011};
    // erf(x) / x - 1 by x², |x| ≤ 1: erf to a relative 4.2e-17.
    static constexpr double ERF[] = {
        0.12837916709551256,   -0.37612638903183543,   0.11283791670945006,    -0.02686617064323777,
        0.0052239776071164225, -0.0008548325975389692, 0.00012055294904839707, -1.492473690741966e-05,
        1.6447424703317362e-06, -1.6208483801871705e-07, 1.3720064546777686e-08, -7.795898827002142e-10};
    // exp(x²) erfc(x) = (1 + x·above) / (1 + x·below) for 0 ≤ x ≤ 29, to a relative 5.6e-17.
    static constexpr double ERFC_HIGHEST = 29;
    static constexpr double ERFC_ABOVE[] = {
        2.3510597928375625, 2.739015980356221, 2.0438796803131836, 1.0719031647001107,
        0.41099452708207207, 0.11653189665199423, 0.024158342297237876, 0.00351834468931497,
        0.0003273993664899734, 1.4969795713238743e-05};
    static constexpr double ERFC_BELOW[] = {
        3.4794389599330753, 5.665142415925167, 5.709122179203187, 3.9662329018999487,
        2.000087678020312, 0.7495884573510805, 0.2096521940575754, 0.04310969697255837,
        0.006249370229369401, 0.0005803002679198078, 2.6533272059195266e-05};

    // π/2 in parts of 33 digits, exact times a whole number below 2²⁰; beyond that the turns are not counted.
    static constexpr double TURNED_MOST = 1.6e6, WHOLE = 0x1.8p52;
    static constexpr double QUARTER[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2e037073p-69};
    // For |r| ≤ 0.7933: (sin r / r - 1) / r² by r² to a relative 2.4e-17 of the sine; (cos r - 1 + r²/2) / r⁴ to 1.2e-18.
    static constexpr double SIN[] = {-0.16666666666666666, 0.0083333333333307,      -0.00019841269836385435,
                                     2.7557315910939e-06,  -2.5051092308431318e-08, 1.5915309183057952e-10};
    static constexpr double COS[] = {0.041666666666666664,    -0.0013888888888887241, 2.480158729853226e-05,
                                     -2.7557317151858866e-07, 2.0876121534608454e-09, -1.1380868171449914e-11};
};

template <>
struct Constants<float> {
    static constexpr int DIGITS = 23, BIAS = 127;
    static constexpr float MOST = 0x1.fffffep+127f, LEAST_NORMAL = 0x1p-126f;
    static constexpr float LOG2_E = 1.44269504f;
    static constexpr float LN2_HIGH = 0x1.62e4p-1f;  // 15 digits
    static constexpr float LN2_LOW = 1.4286068e-06f;
    static constexpr float HALF_ROOT = 0.70710678f;
    static constexpr float HEAD = 0x1.8p15f;  // 8 places: 12 digits below 16

    static constexpr float EXP_LOWEST = -120, EXP_HIGHEST = 89.5f;
    // For |r| ≤ 0.378: eʳ to a relative 1.8e-8, eʳ - 1 to 4e-8.
    static constexpr float EXP[] = {0.5f, 0.1666654f, 0.041666508f, 0.008368841f, 0.0013933256f};
    // The logarithm to a relative 3e-10.
    static constexpr float LOG[] = {0.6666667f, 0.40000123f, 0.2855079f, 0.23331353f};
    // erf to a relative 6.3e-9.
    static constexpr float ERF[] = {0.12837917f,  -0.37612626f,   0.11283594f,  -0.026854211f,
                                    0.0051890872f, -0.00080168643f, 7.875875e-05f};
    // exp(x²) erfc(x) to a relative 1.3e-8.
    static constexpr float ERFC_HIGHEST = 11;
    static constexpr float ERFC_ABOVE[] = {
        1.4562972f, 1.027143f, 0.41760716f, 0.097418234f, 0.010631538f};
    static constexpr float ERFC_BELOW[] = {
        2.5846763f, 2.943638f, 1.9067223f, 0.7496224f, 0.17266895f, 0.018843915f};

    static constexpr float TURNED_MOST = 12000, WHOLE = 0x1.8p23f;
    static constexpr float QUARTER[] = {0x1.92p+0f, 0x1.fb4p-12f, 0x1.444p-24f, 0x1.68c234p-39f};
    // The sine to a relative 1.3e-8, the cosine to 9.4e-10.
    static constexpr float SIN[] = {-0.16666664f, 0.008332725f, -0.00019582831f};
    static constexpr float COS[] = {0.041666664f, -0.0013888279f, 2.4542871e-05f};
};

// The polynomial of coefficients c[FIRST] … c[FIRST + SIZE - 1], by halves, so that few steps wait for each other
// (Estrin 1960). powers[k] is x to the power 2ᵏ.
template <int FIRST, int SIZE, class V, class T, int N>
inline V polynomial_part(const T (&c)[N], const V* powers) {
    if constexpr (SIZE == 1) {
        return splat<V>(c[FIRST]);
    } else if constexpr (SIZE == 2) {
        return fused_with(powers[0], c[FIRST + 1], c[FIRST]);
    } else {
        constexpr int LEVEL = SIZE > 8 ? 3 : SIZE > 4 ? 2 : 1, HALF = 1 << LEVEL;
        static_assert(SIZE <= 16);
        const V low = polynomial_part<FIRST, HALF>(c, powers);
        if constexpr (SIZE - HALF == 1) return fused_with(powers[LEVEL], c[FIRST + HALF], low);
        else return fused(polynomial_part<FIRST + HALF, SIZE - HALF>(c, powers), powers[LEVEL], low);
    }
}

template <class V, class T, int N>
inline V polynomial(const T (&c)[N], V x) {
    const V square = x * x, fourth = square * square;
    const V powers[] = {x, square, fourth, fourth * fourth};
    return polynomial_part<0, N>(c, powers);
}

template <class V>
inline V abs_of(V x) {
    if constexpr (COUNT<V> > 1) return of_bits<V>(bits_of(x) << 1 >> 1);
    else return sizeof(V) == sizeof(float) ? V(__builtin_fabsf(float(x))) : V(__builtin_fabs(double(x)));
}

// |x| with the sign of `sign`.
template <class V>
inline V with_sign(V x, V sign) {
    if constexpr (COUNT<V> > 1) {
        const Bits<V> last = bits_of(splat<V>(-0.0f));
        return of_bits<V>((bits_of(x) & ~last) | (bits_of(sign) & last));
    } else {
        if constexpr (sizeof(V) == sizeof(float)) return __builtin_copysignf(x, sign);
        else return __builtin_copysign(x, sign);
    }
}

template <class V>
inline V larger(V a, Scalar<V> least) {
    return select(a < least, splat<V>(least), a);
}

template <class V>
inline V smaller(V a, Scalar<V> most) {
    return select(a > most, splat<V>(most), a);
}

// eˣ = (1 + rest) · first · second, the latter two powers of 2 of about the same size: their product alone may
// overflow, or be subnormal and lose digits, where what it is multiplied by would have saved them.
template <class V>
struct Power {
    V rest, first, second;

    // eˣ times a factor, where eˣ ≤ 1, rounded to a subnormal number at most once.
    V times(V factor) const {
        const V part = factor * first;
        return fused(part, rest, part) * second;
    }
    V value() const { return fused(first, rest, first) * second; }
    // The same where eˣ ≤ 1: no product overflows, and only what is subnormal may be half a digit more off.
    V small_value() const {
        const V both = first * second;
        return fused(both, rest, both);
    }
    V less_one() const {
        using C = Constants<Scalar<V>>;
        const V inverse = of_bits<V>((Bits<Scalar<V>>(2 * C::BIAS) << C::DIGITS) - bits_of(second));
        return fused(first, rest, first - inverse) * second;
    }
};

// eʳ - 1 = r + r²·(c₀ + c₁r) + r⁴·(c₂ + …): r itself is added early, so that nothing waits for the whole polynomial.
template <class V, class T, int N>
inline V power_less_one(const T (&c)[N], V r) {
    const V square = r * r, fourth = square * square;
    const V powers[] = {r, square, fourth, fourth * fourth};
    return fused(polynomial_part<2, N - 2>(c, powers), fourth, fused(polynomial_part<0, 2>(c, powers), square, r));
}

// The power of x + a·b, a product below 0.03 that may be left out; x lies from EXP_LOWEST to EXP_HIGHEST.
template <class V, class... Factors>
inline Power<V> power_within(V x, Factors... more) {
    using C = Constants<Scalar<V>>;
    // Adding 1.5 · 2^DIGITS rounds to whole numbers, which then are the last bits; 2 · BIAS more make them positive.
    constexpr Scalar<V> whole = Scalar<V>(3ull << (C::DIGITS - 1)) + 2 * C::BIAS;
    const V shifted = fused_with(x, C::LOG2_E, whole), n = shifted - whole;
    V r = fused_with(n, -C::LN2_LOW, fused_with(n, -C::LN2_HIGH, x));
    if constexpr (sizeof...(more) > 0) r = fused(more..., r);
    const Bits<V> exponents = bits_of(shifted), half = exponents >> 1;
    return {power_less_one(C::EXP, r), of_bits<V>(half << C::DIGITS), of_bits<V>((exponents - half) << C::DIGITS)};
}

// For x ≤ 0.
template <class V>
inline Power<V> falling_power(V x) {
    return power_within(larger(x, Constants<Scalar<V>>::EXP_LOWEST));
}

template <class V>
inline Power<V> power(V x) {
    return falling_power(smaller(x, Constants<Scalar<V>>::EXP_HIGHEST));
}

// exp(share · x²) for a share of -1 or -1/2: a rounded x² would cost the tail its digits. |x| ≤ ERFC_HIGHEST · √2.
template <class V>
inline Power<V> gaussian_power(V x, Scalar<V> share) {
    constexpr Scalar<V> cut = Constants<Scalar<V>>::HEAD;
    const V head = (x + cut) - cut;  // its square is exact
    return power_within(larger(share * head * head, Constants<Scalar<V>>::EXP_LOWEST), share * (x - head), x + head);
}

template <class V>
inline V exp_of(V x) {
    return power(x).value();
}

template <class V>
inline V expm1_of(V x) {
    return select(x == 0, x, power(x).less_one());
}

// x = 2ᵏ·m, √½ ≤ m < √2, for a normal positive x; k = `moved`'s exponent less the bias.
template <class V>
struct Parted {
    using C = Constants<Scalar<V>>;

    explicit Parted(V x) {
        constexpr Scalar<V> whole = Scalar<V>(1ull << C::DIGITS);
        const Bits<V> root = bits_of(splat<V>(C::HALF_ROOT));
        const Bits<V> moved = bits_of(x) - root + bits_of(splat<V>(1));
        exponents = moved >> C::DIGITS;
        k = of_bits<V>(exponents | bits_of(splat<V>(whole))) - (whole + C::BIAS);
        m = of_bits<V>((moved & ((Bits<Scalar<V>>(1) << C::DIGITS) - 1)) + root);
    }

    // log x where f = m - 1: log m = 2 artanh(s), s = f / (2 + f), and 2s = f - s·f.
    V logarithm(V f) const {
        const V s = f / (2 + f), z = s * s;
        const V small = fused(-s, fused(-z, polynomial(C::LOG, z), f), f);
        return fused_with(k, C::LN2_HIGH, fused_with(k, C::LN2_LOW, small));
    }

    // y · 2⁻ᵏ, by way of 2¹⁻ᵏ, which can be written for the largest k, too.
    V scaled(V y) const {
        return Scalar<V>(0.5) * (y * of_bits<V>((2 * C::BIAS + 1 - exponents) << C::DIGITS));
    }

    Bits<V> exponents;
    V k, m;
};

// What lies outside the domain of a logarithm of u.
template <class V>
inline V log_within(V u, V logarithm) {
    const V outside = select(u == 0, splat<V>(-__builtin_inff()), splat<V>(__builtin_nanf("")));
    return select(u > 0, select(u > Constants<Scalar<V>>::MOST, u, logarithm), outside);
}

template <class V>
inline V log_of(V x) {
    using C = Constants<Scalar<V>>;
    const auto subnormal = x < C::LEAST_NORMAL;
    constexpr Scalar<V> raise = Scalar<V>(1ull << C::DIGITS);
    const Parted<V> parted(select(subnormal, x * raise, x));
    const V raised = parted.logarithm(parted.m - 1);
    const V lowered = (raised - C::DIGITS * C::LN2_LOW) - C::DIGITS * C::LN2_HIGH;
    return log_within(x, select(subnormal, lowered, raised));
}

// What 1 + x loses by rounding is given back.
template <class V>
inline V log1p_of(V x) {
    const V u = 1 + x, lost = x - (u - 1);
    const Parted<V> parted(u);
    return select(x == 0, x, log_within(u, parted.logarithm(parted.scaled(lost) + (parted.m - 1))));
}

// exp(x²) erfc(x) for x ≥ 0; from ERFC_HIGHEST on it stays as it is, where erfc itself is 0.
template <class V>
inline V erfc_scaled_of(V x) {
    using C = Constants<Scalar<V>>;
    const V near = smaller(x, C::ERFC_HIGHEST);
    const V one = splat<V>(1);
    return fused(near, polynomial(C::ERFC_ABOVE, near), one) / fused(near, polynomial(C::ERFC_BELOW, near), one);
}

template <class V>
inline V erf_of(V x) {
    using C = Constants<Scalar<V>>;
    const V size = smaller(abs_of(x), C::ERFC_HIGHEST);
    const V tail = 1 - gaussian_power(size, -1).times(erfc_scaled_of(size));
    return select(size < 1, fused(x, polynomial(C::ERF, x * x), x), with_sign(tail, x));
}

template <class V>
struct SineCosine {
    V sine, cosine;
};

// Both at once: x less n quarter turns lies within ±π/4, and n tells which polynomial is which, and their signs. Beyond
// TURNED_MOST, where n cannot be had so, each lane asks the library.
template <class V>
inline SineCosine<V> sine_cosine_of(V x) {
    using C = Constants<Scalar<V>>;
    constexpr Scalar<V> QUARTERS_A_UNIT = Scalar<V>(0.63661977236758134308);
    const V counted = fused_with(x, QUARTERS_A_UNIT, C::WHOLE), n = counted - C::WHOLE;
    V r = x;
    for (const Scalar<V> part : C::QUARTER) r = fused(-n, splat<V>(part), r);
    const V square = r * r;
    const V sine = select(r == 0, r, fused(r * square, polynomial(C::SIN, square), r));  // -0 stays so
    const V cosine = fused(square * square, polynomial(C::COS, square), fused_with(square, Scalar<V>(-0.5), Scalar<V>(1)));
    const Bits<V> turns = bits_of(counted);
    const auto odd = (turns & 1) != 0;
    constexpr int SIGN = int(8 * sizeof(Scalar<V>)) - 1;
    const auto signed_by = [](V value, Bits<V> count) { return of_bits<V>(bits_of(value) ^ ((count >> 1 & 1) << SIGN)); };
    SineCosine<V> both{signed_by(select(odd, cosine, sine), turns), signed_by(select(odd, sine, cosine), turns + 1)};
    if (all_of(abs_of(x) <= C::TURNED_MOST)) [[likely]] return both;
    Scalar<V> numbers[COUNT<V>], sines[COUNT<V>], cosines[COUNT<V>];
    store(numbers, x);
    store(sines, both.sine);
    store(cosines, both.cosine);
    for (int l = 0; l < COUNT<V>; ++l) {
        if (__builtin_fabs(double(numbers[l])) <= double(C::TURNED_MOST)) continue;
        sines[l] = Scalar<V>(__builtin_sin(double(numbers[l])));
        cosines[l] = Scalar<V>(__builtin_cos(double(numbers[l])));
    }
    return {load<V>(sines), load<V>(cosines)};
}

}  // namespace clearprop::CLEARPROP_ISA
