"""Costs of privacy, worked out another way than src/stats/privacy_cost.cc: mpmath with 50 digits.

epsilon at (rho, delta) is the least over a > 1 of the expression of Canonne, Kamath and Steinke (2020) for
the way from concentrated to approximate differential privacy, found here by solving for the zero of its derivative in log(a - 1).

    python3 make_privacy_costs.py > costs.json
"""
import json

from mpmath import diff, exp, findroot, log, mp, mpf

mp.dps = 50


def epsilon_of(rho, delta):
    def at(t):
        excess = exp(t)
        a = 1 + excess
        return a * rho + (a * log(1 - 1 / a) - log(delta) - t) / excess

    start = log(log(1 / delta) / rho) / 2
    return at(findroot(lambda t: diff(at, t), start))


def rho_of(epsilon, delta):
    guess = epsilon**2 / (4 * log(1 / delta) + 4 * epsilon)
    return findroot(lambda rho: epsilon_of(rho, delta) - epsilon, (guess * mpf("0.9"), guess * mpf("1.3")),
                    solver="anderson", tol=mpf(10) ** -25)


cases = []
for epsilon in ("0.1", "0.5", "1", "2", "4", "8"):
    for delta in ("1e-5", "1e-6", "1e-9"):
        cases.append({"epsilon": float(epsilon), "delta": float(delta),
                      "rho": float(rho_of(mpf(epsilon), mpf(delta)))})

# A ledger: groups of (squared sensitivity, variance) of three releases, and what they cost together.
groups = [(1, 3000), (640, 80000), (10 * 4096**2, 10**12), (25, 90000), (1, 50), (4, 7), (90000, 12345678)]
rho = sum(mpf(d) / (2 * v) for d, v in groups)
ledger = {"groups": groups, "rho": float(rho),
          "epsilon": {d: float(epsilon_of(rho, mpf(d))) for d in ("1e-5", "1e-6", "1e-9")}}
print(json.dumps({"costs": cases, "ledger": ledger}, indent=1))
