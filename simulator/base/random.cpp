#include "simulator/base/random.h"

#include <algorithm>
#include <cmath>

namespace base {
namespace {

double horner(double x, const double* coefficients, int count) {
    double sum = 0;
    for (int i = 0; i < count; ++i) sum = sum * x + coefficients[i];
    return sum;
}

// Acklam's rational approximation of the standard normal quantile, relative error below 1.2e-9.
double standard_normal(double p) {
    static constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                                   1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
    static constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                                   6.680131188771972e+01,  -1.328068155288572e+01, 1.0};
    static constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                                   -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
    static constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                                   3.754408661907416e+00, 1.0};
    constexpr double tail = 0.02425;
    if (p < tail) {
        const double q = std::sqrt(-2 * std::log(p));
        return horner(q, c, 6) / horner(q, d, 5);
    }
    if (p > 1 - tail) return -standard_normal(1 - p);
    const double q = p - 0.5;
    return horner(q * q, a, 6) * q / horner(q * q, b, 6);
}

}  // namespace

double exponential(double unit, double mean) { return -mean * std::log1p(-std::min(unit, 1 - 0x1.0p-53)); }

double normal(double unit, double mean, double deviation) {
    return mean + deviation * standard_normal(std::clamp(unit, 0x1.0p-54, 1 - 0x1.0p-53));
}

}  // namespace base
