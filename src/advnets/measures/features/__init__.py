"""Features: what the measures take distances in.

`extractor("classifier", table)` gives an `Extractor`, `extract_all` takes the features of any images, and
`cached_features` those of a table's, made once. Known are `pixels`, `random`, `classifier`, `inception` and the path of
any .onnx file.

**Features of your own are one file**: a function that builds an `Extractor`, and one entry in `BUILDERS`.

    from advnets.measures.features import BUILDERS, Extractor, Setting

    def brightness(setting: Setting) -> Extractor:
        def extract(images):  # uint8, n x C x H x W
            return images.mean((1, 2, 3), dtype="float32")[:, None] / 255
        return Extractor(name="brightness", dimension=1, identity="brightness-1", extract=extract)

    BUILDERS["brightness"] = brightness

`identity` goes into the keys of the cache: change it whenever the features change.
"""

from advnets.measures.features.cache import cached_features
from advnets.measures.features.extractor import Extractor, Features, Images, Probabilities, extract_all
from advnets.measures.features.inception_weights import at_hand, where_weights_go
from advnets.measures.features.resolve import BUILDERS, extractor, extractor_for
from advnets.measures.features.setting import Setting

__all__ = [
    "BUILDERS",
    "Extractor",
    "Features",
    "Images",
    "Probabilities",
    "Setting",
    "at_hand",
    "cached_features",
    "extract_all",
    "extractor",
    "extractor_for",
    "where_weights_go",
]
