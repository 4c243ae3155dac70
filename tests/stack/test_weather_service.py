from datetime import date, timedelta

from stack.application import environment
from stack.folder import Folder
from stack.weather_service import weather


def test_a_day_has_the_same_weather_in_each_period() -> None:
    days = [date(2000, 1, 1) + timedelta(days=number) for number in range(366)]
    year = list(weather(44.6, -67.9, days))
    assert list(weather(44.6, -67.9, days[100:110])) == year[100:110]
    assert list(weather(-44.6, -67.9, days)) != year
    rain = [row[0] for row in year]
    assert 0.2 < sum(value > 0 for value in rain) / len(rain) < 0.6
    assert all(lowest < highest for _, highest, lowest in year)


def test_the_demo_knows_its_own_service_and_whoever_has_another_keeps_it(folder: Folder) -> None:
    env = environment(folder, {}, {}, 8000, 8001)
    assert env["WEATHER_SERVICE_URL"] == f"http://127.0.0.1:{env['WEATHER_PORT']}"
    given = {"WEATHER_SERVICE_URL": "https://archive-api.open-meteo.com", "WEATHER_PORT": "8600"}
    assert given.items() <= environment(folder, {}, given, 8000, 8001).items()
