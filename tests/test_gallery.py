import importlib.util


def test_the_gallery_runs_and_draws_every_picture_it_shows(project, tmp_path):
    spec = importlib.util.spec_from_file_location("make_gallery", project / "docs" / "make_gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = module.make_gallery(tmp_path)
    assert len(written) == module.PAGE.read_text(encoding="utf-8").count("![")
    for path in written:
        assert path.read_text(encoding="utf-8").count("<text") > 3
        assert (project / "docs" / "gallery" / path.name).exists()
