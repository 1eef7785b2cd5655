extension ForestPage {
    static let style = """
        body { font: 14px system-ui, sans-serif; margin: 24px; color: #1c2733; background: #fff }
        h1 { font-size: 20px; overflow-wrap: anywhere } td, th { padding: 1px 12px 1px 0; text-align: left }
        .tables { display: flex; gap: 48px; flex-wrap: wrap; max-height: 320px; overflow: auto }
        i { display: inline-block; height: 10px; background: #3b82b0 } .note { color: #5b6b7a }
        #view { overflow: auto; border: 1px solid #d5dde5; border-radius: 6px; padding: 8px } #number { width: 6em }
        svg text { font: 12px system-ui, sans-serif; text-anchor: middle } svg g { cursor: pointer }
        rect { rx: 5; stroke: #3b82b0; fill: #eef5fa } .leaf rect { stroke: #6a9955; fill: #f0f7ec } path { fill: none; stroke: #90a4b4 }
        .folded rect { stroke-width: 3 }
        """

    /// Draws one tree: leaves side by side, parents above the middle of their children. Text only enters as text nodes.
    static let script = """
        "use strict";
        const model = JSON.parse(document.getElementById("data").textContent);
        const view = document.getElementById("view"), number = document.getElementById("number");
        const svg = (name, attributes, parent) => {
          const element = document.createElementNS("http://www.w3.org/2000/svg", name);
          for (const key in attributes) element.setAttribute(key, attributes[key]);
          if (parent) parent.appendChild(element);
          return element;
        };
        const clip = text => text.length > 26 ? text.slice(0, 25) + "…" : text;
        let folded = new Set();
        function levels(nodes) {
          const level = nodes.map(() => 0);
          nodes.forEach((node, i) => { if (node.length > 1) { level[node[3]] = level[node[4]] = level[i] + 1; } });
          return level;
        }
        function draw() {
          view.replaceChildren();
          const tree = model.trees[Number(number.value)];
          document.getElementById("about").textContent = tree ? "of " + model.count + ": " + tree.nodes.length +
            " nodes, adds to output " + tree.output + (Number(tree.weight) === 1 ? "" : ", weight " + tree.weight) : "";
          if (!tree) return;
          const nodes = tree.nodes, level = levels(nodes), place = [], shown = [];
          const isOpen = i => nodes[i].length > 1 && !folded.has(i);
          // Nodes come before their children, so that a stack visits them from left to right.
          const stack = [0];
          let next = 0;
          while (stack.length) {
            const i = stack.pop();
            shown.push(i);
            if (isOpen(i)) { stack.push(nodes[i][4], nodes[i][3]); } else { place[i] = next++; }
          }
          for (const i of [...shown].reverse()) if (isOpen(i)) place[i] = (place[nodes[i][3]] + place[nodes[i][4]]) / 2;
          const wide = 190, high = 84, x = i => place[i] * wide + wide / 2, y = i => level[i] * high + 8;
          const deepest = shown.reduce((most, i) => Math.max(most, level[i]), 0);
          const picture = svg("svg", {width: next * wide, height: deepest * high + 60}, view);
          for (const i of shown) if (isOpen(i)) for (const side of [1, 0]) {
            const child = nodes[i][side ? 3 : 4];
            svg("path", {d: "M" + x(i) + " " + (y(i) + 44) + " L" + x(child) + " " + y(child)}, picture);
            if (nodes[i][2] === side) svg("circle",
              {cx: x(i) + (x(child) - x(i)) / 2, cy: y(i) + 44 + (y(child) - y(i) - 44) / 2, r: 5, fill: "#3b82b0"}, picture);
          }
          for (const i of shown) {
            const node = nodes[i], isLeaf = node.length === 1;
            const group = svg("g", {class: isLeaf ? "leaf" : folded.has(i) ? "folded" : ""}, picture);
            svg("rect", {x: x(i) - 88, y: y(i), width: 176, height: 44}, group);
            svg("title", {}, group).textContent = isLeaf ? node[0] : node[0] + " " + node[1];
            const lines = isLeaf ? [node[0]] : [node[0], node[1]];
            lines.forEach((line, k) => {
              svg("text", {x: x(i), y: y(i) + (isLeaf ? 27 : 18 + 17 * k)}, group).textContent = clip(line);
            });
            if (!isLeaf) group.addEventListener("click", () => {
              folded.has(i) ? folded.delete(i) : folded.add(i);
              draw();
            });
          }
          if (place[0] !== undefined) view.scrollLeft = Math.max(0, x(0) - view.clientWidth / 2);
        }
        function choose() {
          folded = new Set();
          const tree = model.trees[Number(number.value)];
          // Large trees start folded below the fifth level.
          if (tree && tree.nodes.length > 127) levels(tree.nodes).forEach((depth, i) => { if (depth === 4) folded.add(i); });
          draw();
        }
        const step = by => { number.value = Math.min(Math.max(0, Number(number.value) + by), model.trees.length - 1); choose(); };
        number.addEventListener("input", choose);
        document.getElementById("before").addEventListener("click", () => step(-1));
        document.getElementById("after").addEventListener("click", () => step(1));
        choose();

        """
}
