/* A 2-2-2 network of sigmoid units, half the squared error, one sample, frozen biases, gradient descent.
   w holds W1 (inputs, units) row by row, then W2. */
#include <math.h>

static double sigmoid(double z) { return 1.0 / (1.0 + exp(-z)); }

void train(const double *x, const double *y, const double *b, double *w, double *losses, double rate, long steps) {
    const double x0 = x[0], x1 = x[1], y0 = y[0], y1 = y[1];
    double u00 = w[0], u01 = w[1], u10 = w[2], u11 = w[3], v00 = w[4], v01 = w[5], v10 = w[6], v11 = w[7];
    for (long step = 0; step < steps; ++step) {
        const double h0 = sigmoid(x0 * u00 + x1 * u10 + b[0]), h1 = sigmoid(x0 * u01 + x1 * u11 + b[0]);
        const double o0 = sigmoid(h0 * v00 + h1 * v10 + b[1]), o1 = sigmoid(h0 * v01 + h1 * v11 + b[1]);
        const double r0 = o0 - y0, r1 = o1 - y1;
        losses[step] = 0.5 * (r0 * r0 + r1 * r1);
        const double d0 = r0 * o0 * (1.0 - o0), d1 = r1 * o1 * (1.0 - o1);
        const double e0 = (d0 * v00 + d1 * v01) * h0 * (1.0 - h0), e1 = (d0 * v10 + d1 * v11) * h1 * (1.0 - h1);
        v00 -= rate * d0 * h0; v01 -= rate * d1 * h0; v10 -= rate * d0 * h1; v11 -= rate * d1 * h1;
        u00 -= rate * e0 * x0; u01 -= rate * e1 * x0; u10 -= rate * e0 * x1; u11 -= rate * e1 * x1;
    }
    const double all[8] = {u00, u01, u10, u11, v00, v01, v10, v11};
    for (int i = 0; i < 8; ++i) w[i] = all[i];
}
