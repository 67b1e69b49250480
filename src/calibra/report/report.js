(function () {
  var field = document.getElementById("search");
  var nobody = document.getElementById("nobody-found");
  var named = Array.prototype.slice.call(document.querySelectorAll("#cards [data-name]"));
  field.parentNode.hidden = false;
  field.addEventListener("input", function () {
    var wanted = field.value.trim().toLowerCase();
    var found = 0;
    named.forEach(function (element) {
      element.hidden = wanted !== "" && element.dataset.name.indexOf(wanted) < 0;
      if (!element.hidden) { found += 1; }
    });
    nobody.hidden = found > 0;
  });
})();
