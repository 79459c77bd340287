"""The forms of a notification: subject, text and JSON."""

from sagemaker_jobs.notifications.notification import Notification


def test_sns_accepts_the_subject() -> None:
    subject = Notification("drift", "Grüße\nvon " + "x" * 200, "").subject
    assert len(subject) == 100
    assert subject.isascii()
    assert "\n" not in subject


def test_the_text_has_every_part_that_is_not_empty() -> None:
    notification = Notification("drift", "title", "http://ui/dags/x", "details")
    assert notification.text == "title\n\ndetails\n\nhttp://ui/dags/x"


def test_markup_is_escaped_in_the_text_only() -> None:
    """A class folder may have any name, and an error message of AWS any text."""
    details = "<!channel> <https://evil|click> <b>Tom & Jerry</b>"
    body = Notification("drift", "t", "http://ui/x?a=1&b=2", details).as_json()
    assert "&lt;!channel&gt; &lt;https://evil|click&gt; &lt;b&gt;Tom &amp;" in body["text"]
    assert "<" not in body["text"]
    assert body["details"] == details
    assert body["where"] == "http://ui/x?a=1&b=2"
