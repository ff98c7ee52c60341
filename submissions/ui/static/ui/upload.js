// The upload form: drop a file, hear at once what it seems to be, and see how far it has got. Without
// JavaScript the same form is sent as a plain multipart post; the server decides in either case.
(function () {
  "use strict";

  var HEAD_OCTETS = 65536;
  var COUNTED_OCTETS = 64 * 1024 * 1024;

  var words = {};
  document.querySelectorAll("[data-words] [data-word]").forEach(function (item) {
    words[item.getAttribute("data-word")] = item.textContent.trim();
  });

  function say(word, n, m) {
    return words[word].replace("%n", n).replace("%m", m);
  }

  function figure(number) {
    return number.toLocaleString(document.documentElement.lang || undefined);
  }

  function size(octets) {
    if (octets < 1000) {
      return figure(octets) + " B";
    }
    var number = octets < 1e6 ? octets / 1e3 : octets / 1e6;
    var digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return number.toLocaleString(document.documentElement.lang || undefined, digits) + (octets < 1e6 ? " kB" : " MB");
  }

  // ---- what the file seems to be ----

  function begins(head, octets) {
    return octets.every(function (octet, place) {
      return head[place] === octet;
    });
  }

  // A fault that the first bytes already show, or null.
  function faultOf(head) {
    if (head.length === 0) {
      return "empty";
    }
    if (begins(head, [0xff, 0xfe]) || begins(head, [0xfe, 0xff])) {
      return "utf16";
    }
    if (begins(head, [0x80]) && head[1] <= 5) {
      return "pickle";
    }
    if (begins(head, [0x89, 0x50, 0x4e, 0x47]) || begins(head, [0xff, 0xd8, 0xff]) || begins(head, [0x47, 0x49, 0x46])) {
      return "image";
    }
    if (begins(head, [0x50, 0x4b, 0x03, 0x04])) {
      return "zip";
    }
    return null;
  }

  // Kinds of files that are packed, and are told by their first bytes alone; or null.
  function packedFormOf(head) {
    if (begins(head, [0x50, 0x41, 0x52, 0x31])) {
      return "parquet";
    }
    var first = String.fromCharCode.apply(null, head.slice(30, 50));
    var isBook = /^(\[Content_Types\]\.xml|_rels\/|docProps\/|xl\/|customXml\/)/.test(first);
    return begins(head, [0x50, 0x4b, 0x03, 0x04]) && isBook ? "xlsx" : null;
  }

  // Whether a first line names columns that are read, whatever stands between them.
  function namesColumns(line) {
    var names = line.split(/[,;\t]/).map(function (name) {
      return name.trim().replace(/^"(.*)"$/, "$1");
    });
    function has(name) {
      return names.indexOf(name) !== -1;
    }
    return (has("question_id") && has("answer")) || (has("prediction") && (has("index") || has("question")));
  }

  function formOf(text) {
    text = text.replace(/^\uFEFF/, "").trimStart();
    if (text.charAt(0) === "[") {
      if (/"(prediction|mslm_answer|raw_response)"/.test(text)) {
        return "harness";
      }
      if (/"(gpt_answer|question_type)"/.test(text)) {
        return "native";
      }
      return /"question_id"/.test(text) ? "plain" : "unknown";
    }
    if (text.charAt(0) === "{") {
      var line = text.split("\n", 1)[0];
      if (/"(filtered_resps|resps|sample_id)"/.test(line)) {
        return "harness";
      }
      return /"question_id"/.test(line) ? "jsonl" : "unknown";
    }
    if (/^"?question_id"?,"?answer"?\s*(\r|\n|$)/.test(text)) {
      return "csv";
    }
    if (namesColumns(text.split("\n", 1)[0])) {
      return "table";
    }
    return /^[^\n]*,[^\n]*\n/.test(text) ? "header" : "unknown";
  }

  // The same where answers are boxes: a record names its image.
  function boxFormOf(text) {
    text = text.replace(/^\uFEFF/, "").trimStart();
    var isRecord = /"image"/.test(text) && /"(reply|anomalous|boxes)"/.test(text);
    if (text.charAt(0) === "[") {
      return isRecord ? "boxes-json" : "unknown";
    }
    if (text.charAt(0) === "{") {
      return isRecord ? "boxes-jsonl" : "unknown";
    }
    if (/^"?image"?,"?reply"?\s*(\r|\n|$)/.test(text)) {
      return "boxes-csv";
    }
    return /^[^\n]*,[^\n]*\n/.test(text) ? "header" : "unknown";
  }

  var KEYS = { native: '"gpt_answer"', plain: '"question_id"', "boxes-json": '"image"' };

  // Counts records as they stream by; cheap enough for the largest file that is taken.
  function counter(form) {
    var count = 0;
    var rest = "";
    var key = KEYS[form] || null;
    var endsInBreak = true;
    // A reply may have line breaks of its own, in quotation marks: those end no record.
    var isQuoted = false;
    function countLines(text) {
      for (var place = 0; place < text.length; place += 1) {
        var code = text.charCodeAt(place);
        if (code === 34) {
          isQuoted = !isQuoted;
        } else if (code === 10 && !isQuoted) {
          count += 1;
        }
      }
    }
    return {
      add: function (text) {
        var place;
        if (key) {
          text = rest + text;
          place = text.indexOf(key);
          while (place !== -1) {
            count += 1;
            place = text.indexOf(key, place + key.length);
          }
          rest = text.slice(-(key.length - 1));
        } else {
          if (form === "boxes-csv") {
            countLines(text);
          } else {
            place = text.indexOf("\n");
            while (place !== -1) {
              count += 1;
              place = text.indexOf("\n", place + 1);
            }
          }
          if (text.length) {
            endsInBreak = text.charAt(text.length - 1) === "\n";
          }
        }
      },
      total: function () {
        var lines = key ? count : count + (endsInBreak ? 0 : 1);
        return form === "csv" || form === "boxes-csv" ? Math.max(lines - 1, 0) : lines;
      },
    };
  }

  function unpacked(blob, gzip) {
    var stream = blob.stream();
    return gzip ? stream.pipeThrough(new DecompressionStream("gzip")) : stream;
  }

  async function readHead(blob, gzip) {
    var reader = unpacked(blob, gzip).getReader();
    var parts = [];
    var length = 0;
    while (length < HEAD_OCTETS) {
      var next = await reader.read();
      if (next.done) {
        break;
      }
      parts.push(next.value);
      length += next.value.length;
    }
    reader.cancel().catch(function () {});
    return new Uint8Array(await new Blob(parts).slice(0, HEAD_OCTETS).arrayBuffer());
  }

  async function countRecords(blob, gzip, form) {
    var reader = unpacked(blob, gzip).pipeThrough(new TextDecoderStream()).getReader();
    var records = counter(form);
    var length = 0;
    for (;;) {
      var next = await reader.read();
      if (next.done) {
        return records.total();
      }
      length += next.value.length;
      if (length > COUNTED_OCTETS) {
        reader.cancel().catch(function () {});
        return null;
      }
      records.add(next.value);
    }
  }

  async function recognise(file, limits, boxes) {
    if (file.size === 0) {
      return { fault: "empty" };
    }
    if (limits.maxOctets && file.size > limits.maxOctets) {
      return { fault: "large", about: figure(limits.maxOctets / 1048576) + " MiB" };
    }
    var first = new Uint8Array(await file.slice(0, 4).arrayBuffer());
    var gzip = begins(first, [0x1f, 0x8b]);
    if (gzip && !window.DecompressionStream) {
      return { form: "unknown", gzip: true };
    }
    var head = await readHead(file, gzip);
    var packed = gzip || boxes ? null : packedFormOf(head);
    if (packed) {
      return { form: packed };
    }
    var fault = faultOf(head);
    if (fault) {
      return { fault: fault };
    }
    var text = new TextDecoder().decode(head);
    var form = boxes ? boxFormOf(text) : formOf(text);
    if (form === "header" || form === "unknown") {
      return { doubt: form };
    }
    if (form === "harness" || form === "table") {
      return { form: form, gzip: gzip };
    }
    return { form: form, gzip: gzip, records: await countRecords(file, gzip, form) };
  }

  // ---- the form ----

  function line(text, kind) {
    var paragraph = document.createElement("p");
    paragraph.textContent = text;
    if (kind) {
      paragraph.className = kind;
    }
    return paragraph;
  }

  function describe(file, found, questions, minimum) {
    var lines = [];
    if (found.fault) {
      lines.push(line(say(found.fault, found.about), "fault"));
    } else if (found.doubt) {
      lines.push(line(say(found.doubt), "amber"));
    } else {
      var parts = [say("seems") + " " + say(found.form) + (found.gzip ? ", " + say("gzip") : "")];
      if (found.records !== null && found.records !== undefined) {
        parts.push(
          questions ? say("of", figure(found.records), figure(questions)) : say("records", figure(found.records))
        );
      }
      parts.push(size(file.size));
      lines.push(line(parts.join(" · ")));
      if (questions && found.records < minimum * questions) {
        lines.push(line(say("few"), "amber"));
      } else if (questions && found.records > questions) {
        lines.push(line(say("many"), "amber"));
      }
    }
    return lines;
  }

  function wire(form) {
    var input = form.querySelector('input[type="file"]');
    var drop = form.querySelector("[data-drop]");
    var seems = form.querySelector("[data-seems]");
    var progress = form.querySelector("[data-progress]");
    var bar = progress.querySelector("progress");
    var barText = form.querySelector("[data-progress-text]");
    var button = form.querySelector('button[type="submit"]');
    var boxes = form.hasAttribute("data-boxes");
    var questions = Number(form.getAttribute("data-questions")) || 0;
    var minimum = Number(form.getAttribute("data-minimum")) || 0;
    var limits = { maxOctets: Number(form.getAttribute("data-max-octets")) || 0 };
    var turn = 0;

    async function look() {
      var file = input.files[0];
      var mine = (turn += 1);
      seems.hidden = true;
      if (!file) {
        return;
      }
      var lines;
      try {
        lines = describe(file, await recognise(file, limits, boxes), questions, minimum);
      } catch (unreadable) {
        lines = [line(say("unknown"), "amber")]; // such as a damaged gzip; the server says what is wrong
      }
      if (mine === turn) {
        seems.replaceChildren.apply(seems, lines);
        seems.hidden = false;
      }
    }

    function hold(event) {
      event.preventDefault();
      drop.classList.add("is-over");
    }

    function release() {
      drop.classList.remove("is-over");
    }

    drop.addEventListener("dragenter", hold);
    drop.addEventListener("dragover", hold);
    drop.addEventListener("dragleave", release);
    drop.addEventListener("drop", function (event) {
      event.preventDefault();
      release();
      if (event.dataTransfer.files.length) {
        var one = new DataTransfer();
        one.items.add(event.dataTransfer.files[0]);
        input.files = one.files;
        look();
      }
    });
    form.querySelector("[data-drop-hint]").hidden = false;
    input.addEventListener("change", look);

    function stop(text) {
      button.disabled = false;
      form.removeAttribute("aria-busy");
      barText.textContent = text;
      barText.className = "wrong";
      bar.hidden = true;
      progress.hidden = false;
    }

    // The answer is a whole page again: take its main part, keep the chosen file.
    function redraw(html) {
      var page = new DOMParser().parseFromString(html, "text/html");
      var fresh = page.getElementById("main");
      if (!fresh) {
        stop(say("lost"));
        return;
      }
      document.getElementById("main").replaceWith(fresh);
      var next = fresh.querySelector("[data-upload]");
      if (next) {
        var kept = next.querySelector('input[type="file"]');
        kept.files = input.files;
        wire(next);
        // What the server found wrong with the file stands at the field: not to be said once more.
        if (!kept.hasAttribute("aria-invalid")) {
          kept.dispatchEvent(new Event("change"));
        }
      }
      window.scrollTo(0, 0);
      var errors = document.getElementById("errors");
      if (errors) {
        errors.focus();
      }
    }

    form.addEventListener("submit", function (event) {
      event.preventDefault();
      if (form.hasAttribute("aria-busy")) {
        return;
      }
      if (!input.files.length) {
        stop(say("missing"));
        input.focus();
        return;
      }
      var data = new FormData(form);
      var request = new XMLHttpRequest();
      form.setAttribute("aria-busy", "true");
      button.disabled = true;
      bar.hidden = false;
      bar.removeAttribute("value");
      bar.value = 0;
      barText.className = "help";
      barText.textContent = "";
      progress.hidden = false;

      request.upload.addEventListener("progress", function (step) {
        if (step.lengthComputable) {
          bar.max = step.total;
          bar.value = step.loaded;
          barText.textContent = say("sending", size(step.loaded), size(step.total));
        }
      });
      request.upload.addEventListener("load", function () {
        bar.value = bar.max;
        barText.textContent = say("received");
      });
      request.addEventListener("error", function () {
        stop(say("lost"));
      });
      request.addEventListener("load", function () {
        var here = new URL(form.action || location.href, location.href);
        // Either the redirect to the submission was followed, or its address came in a header, which leaves
        // the page's one-time messages for the reader.
        var there = new URL(request.getResponseHeader("Location") || request.responseURL || here.href, here);
        if (there.pathname !== here.pathname) {
          location.assign(there.href);
        } else {
          redraw(request.responseText);
        }
      });
      request.open("POST", form.action || location.href);
      request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
      request.send(data);
    });
  }

  document.querySelectorAll("form[data-upload]").forEach(wire);
})();
