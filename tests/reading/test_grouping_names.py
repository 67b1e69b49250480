"""A grouping may be called anything, whatever the model calls its own terms and axes."""

import pytest

import calibra as cb


@pytest.fixture(scope="module")
def world():
    return cb.simulate_judgments(seed=1, n_reps=3, n_prospects=400)


def judgments_with(world, name):
    columns = {role: column for role, column in world.columns.items() if role != "segment"} | {name: "its column"}
    frame = world.frame.rename(columns={"segment": "its column"})
    return cb.Judgments.from_frame(frame, scale=world.scale, as_of=world.as_of, columns=columns)


@pytest.mark.parametrize("name", ["level", "cell", "residual_column", "draw", "区 分"])
def test_a_rank_model_takes_a_grouping_of_any_name(world, name):
    judgments = judgments_with(world, name)
    model = cb.RankModel(within_days=90, adjust_for=(name,))
    posterior = model.fit(judgments, seed=1, engine="laplace", draws=200).posterior
    (axis,) = posterior.dims[f"{name}_effect"]
    assert set(posterior.coords[axis]) == set(world.frame["segment"])
    assert posterior.to_xarray()[f"{name}_effect"].sizes[axis] == 3
    assert axis in model.build(judgments).coords


@pytest.mark.parametrize("name", ["interval", "contrast", "baseline", "tempo"])
def test_a_lead_time_model_takes_a_grouping_of_any_name(world, name):
    judgments = judgments_with(world, name)
    model = cb.LeadTimeModel(adjust_for=(name,), interval_edges_days=(30, 90, 180))
    posterior = model.fit(judgments, seed=1, engine="laplace", draws=200).posteriors["event"]
    assert posterior.coords["interval"] == ("0–30", "31–90", "91–180")
    (axis,) = posterior.dims[f"{name}_effect"]
    assert set(posterior.coords[axis]) == set(world.frame["segment"])
    assert posterior.to_xarray()["baseline"].sizes["interval"] == 3
    assert axis in model.build(judgments)["event"].coords
