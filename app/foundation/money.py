"""Money: integer minor units and an ISO 4217 currency; never a float."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

# Minor-unit exponents of ISO 4217 list one, amendments to 2024.
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_TWO_DECIMALS = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP "
    "CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES "
    "KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK "
    "NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG"
)
_EXPONENTS = {
    **dict.fromkeys(_NO_DECIMALS.split(), 0),
    **dict.fromkeys(_TWO_DECIMALS.split(), 2),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
CURRENCIES = frozenset(_EXPONENTS)
MAX_MINOR = 10**17


class MoneyError(ValueError):
    """An amount or a currency that cannot be kept exactly."""


def exponent(currency: str) -> int:
    """Decimal places of the currency's minor unit (ISO 4217)."""
    if currency not in CURRENCIES:
        raise MoneyError(f"{currency!r} is not an ISO 4217 currency code in use")
    return _EXPONENTS[currency]


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: `minor` units (cents, öre, yen) of `currency`."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, amount: str, currency: str) -> "Money":
        """Read a decimal string; MoneyError for more places than the currency has, NaN, or beyond 10^17 minor units."""
        places = exponent(currency)
        try:
            value = Decimal(amount)
        except InvalidOperation:
            raise MoneyError(f"{amount!r} is not a decimal number") from None
        if not value.is_finite():
            raise MoneyError(f"{amount!r} is not a finite amount")
        # The size is judged before scaling: an exponent such as 1e999999 would otherwise build a huge integer.
        if value.adjusted() > 17:
            raise MoneyError(f"{amount} {currency} is beyond what can be kept")
        if value.is_zero():
            return cls(0, currency)
        if value.as_tuple().exponent < -40:  # type: ignore[operator]
            raise MoneyError(f"{amount!r} has more than 40 decimal places")
        minor = value.scaleb(places)
        if minor != minor.to_integral_value():
            raise MoneyError(f"{amount} has more than the {places} decimal places of {currency}")
        if abs(minor) > MAX_MINOR:
            raise MoneyError(f"{amount} {currency} is beyond what can be kept")
        return cls(int(minor), currency)

    @property
    def amount(self) -> str:
        """The amount as a decimal string with exactly the currency's places: `1234.50`."""
        places = exponent(self.currency)
        if places == 0:
            return str(self.minor)
        digits = f"{abs(self.minor):0{places + 1}d}"
        return f"{'-' if self.minor < 0 else ''}{digits[:-places]}.{digits[-places:]}"

    def as_wire(self) -> dict[str, str]:
        """`{"amount": "1234.50", "currency": "EUR"}`."""
        return {"amount": self.amount, "currency": self.currency}
