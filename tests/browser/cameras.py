"""What a fake camera sees: cards as films, and a head that follows the page."""

from pathlib import Path

from PIL import Image

from enrollment.demo.people import declaration_of_nobody
from kyc.demo.drawing import Card, Face, Shot, photograph
from tests.kyc.conftest import FACE

CARD = Card(declaration_of_nobody("Lý Thị Mẫu Xuân", "079190100000", "0912100000"), Face(FACE))

PLAIN = Shot()


def scene(side: str = "front", shot: Shot = PLAIN) -> Image.Image:
    return photograph(getattr(CARD, side)(), shot, (1280, 960))


def y4m(path: Path, images: list[Image.Image]) -> Path:
    """The one format that the fake camera takes, in the range of light that it expects."""
    wide, high = images[0].size
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{wide} H{high} F5:1 Ip A1:1 C420jpeg\n".encode())
        for image in images if len(images) > 1 else images * 2:
            light, blue, red = image.convert("YCbCr").split()
            light = light.point(lambda value: 16 + value * 219 // 255)
            small = (part.resize((wide // 2, high // 2)).tobytes() for part in (blue, red))
            file.write(b"FRAME\n" + light.tobytes() + b"".join(small))
    return path


INJECTED = """picture => {
  const head = Object.assign(new Image(), { src: picture });
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 960, height: 1280 });
    const pen = canvas.getContext("2d");
    let wide = 0.3, middle = 0.5;
    const draw = () => {
      const oval = document.querySelector("[data-oval]");
      const goal = parseFloat(oval?.style.width || "34") / 100;
      const place = parseFloat(oval?.style.left || "33") / 100 + goal / 2;
      wide += (goal * 0.8 - wide) * 0.25;
      middle += (1 - place - middle) * 0.25;  // the page mirrors what the camera sees
      pen.fillStyle = "#bcc4ca";
      pen.fillRect(0, 0, 960, 1280);
      const size = wide * 960 / 0.58;
      pen.drawImage(head, middle * 960 - size / 2, 640 - size * 0.54, size, size * 1.25);
    };
    setInterval(draw, 40);
    draw();
    return canvas.captureStream(25);
  };
}"""
