// Draws the figures of a report. All numbers come from the element "figures-data"; all words around the charts are
// in the page already.
'use strict';
(() => {
  const root = document.documentElement;
  root.classList.add('js');
  window.addEventListener('error', (event) => {
    root.dataset.error = event.message;
  });
  document.addEventListener('securitypolicyviolation', (event) => {
    root.dataset.error = 'asked for ' + event.blockedURI;
  });
  const data = JSON.parse(document.getElementById('figures-data').textContent);
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const print = window.matchMedia('print');
  const narrow = window.matchMedia('(max-width: 600px)');
  const state = {x: 0, logx: false, logy: false, target: null, hidden: new Set()};
  const charts = new Map();  // id -> {figure, box, chart, off: names of series that are hidden}

  // Five colours that differ for colour-blind eyes too, and dashes for more lines (report.css has the same).
  const lightColours = ['#0072b2', '#d55e00', '#007f5f', '#b0568d', '#000000'];
  const darkColours = ['#56b4e9', '#e69f00', '#2fbf8f', '#f0e442', '#e6edf3'];
  const dashes = ['solid', [7, 4], [2, 3], [9, 3, 2, 3]];
  const symbols = ['circle', 'rect', 'triangle', 'diamond'];  // four, as the dashes: with five colours twenty looks
  const decals = [null,
    {symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: Math.PI / 4},
    {symbol: 'circle', symbolSize: 0.7, dashArrayX: [[5, 5], [0, 5, 5, 0]], dashArrayY: [5, 0]},
    {symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [3, 4], rotation: -Math.PI / 4}];

  const isDark = () => dark.matches && !print.matches && !state.printing;
  const grey = 20;
  const pale = 21;
  const colourOf = (style) => style === grey ? (isDark() ? '#8b949e' : '#6e7781')
    : style === pale ? (isDark() ? '#3d444d' : '#d0d7de')
    : (isDark() ? darkColours : lightColours)[style % 5];
  const dashOf = (style) => dashes[style % 4];
  const ink = () => isDark() ? '#e6edf3' : '#1f2328';
  const faint = () => isDark() ? '#30363d' : '#d8dee4';
  const paper = () => isDark() ? '#0d1117' : '#ffffff';

  // ---- words ----
  const decimals = (value, digits) =>
    Number(value.toPrecision(digits)).toLocaleString('en', {maximumSignificantDigits: digits});
  function text(value, axis) {
    if (value === null || value === undefined || Number.isNaN(value)) return '–';
    const unit = axis && axis.unit;
    if (unit === 'B') {
      const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
      let place = 0;
      for (; Math.abs(value) >= 1000 && place < 5; ++place) value /= 1000;
      return decimals(value, 3) + ' ' + units[place];
    }
    if (unit === '%') return decimals(value, 3) + ' %';
    if (unit === 's') return seconds(value);
    return decimals(value, 4);
  }
  function seconds(value) {
    const size = Math.abs(value);
    if (size >= 172800) return decimals(value / 86400, 3) + ' d';
    if (size >= 7200) return decimals(value / 3600, 3) + ' h';
    if (size >= 120) return decimals(value / 60, 3) + ' min';
    return decimals(value, 3) + ' s';
  }

  // ---- parts that all charts share ----
  function axis(description, more) {
    return Object.assign({
      name: description.name, nameLocation: 'middle', nameGap: 28, scale: true,
      nameTextStyle: {color: ink(), fontSize: 12},
      axisLabel: {
        color: ink(), fontSize: 11, hideOverlap: true, formatter: (value) => text(value, description),
      },
      axisLine: {show: true, lineStyle: {color: ink()}},
      axisTick: {lineStyle: {color: ink()}},
      splitLine: {lineStyle: {color: faint()}},
      minorTick: {show: false},
    }, more);
  }
  /// A vertical axis, its name above it, where it can be read without turning the head.
  function upright(description, more) {
    const made = axis(description, more);
    made.nameLocation = more.inverse ? 'start' : 'end';
    made.nameGap = 9;
    made.nameTextStyle = {color: ink(), fontSize: 12, align: 'left', padding: [0, 0, 0, -8]};
    return made;
  }
  /// What seconds up to `most` are best counted in, so that ticks are round.
  function clock(most) {
    if (most >= 172800) return {size: 86400, name: 'd'};
    if (most >= 7200) return {size: 3600, name: 'h'};
    if (most >= 240) return {size: 60, name: 'min'};
    return {size: 1, name: 's'};
  }
  /// A horizontal axis, and what its values are divided by.
  function along(description, most, more) {
    if (description.unit !== 's') return {size: 1, axis: axis(description, more)};
    const unit = clock(most);
    return {size: unit.size, axis: axis({name: description.name + ' (' + unit.name + ')'}, more)};
  }
  function frame(figure) {
    return {
      animation: false, progressive: 0, backgroundColor: 'transparent',
      textStyle: {fontFamily: 'inherit', color: ink()},
      aria: {enabled: false},
      grid: {left: 12, right: 22, top: 34, bottom: 28, containLabel: true},
      tooltip: {
        confine: true, appendTo: null, backgroundColor: paper(), borderColor: ink(),
        textStyle: {color: ink(), fontSize: 12}, transitionDuration: 0,
        axisPointer: {animation: false, lineStyle: {color: ink()}},
      },
    };
  }
  // Names come from outside: they are put into the tooltip as text.
  function tip(lines) {
    const box = document.createElement('div');
    for (const line of lines) {
      const row = document.createElement('div');
      row.textContent = line;
      box.append(row);
    }
    return box;
  }
  /// A long name without its middle: seeds of a setting differ at the end.
  const fitting = (name, most) => {
    const letters = [...name];
    const end = Math.floor((most - 1) / 2);
    return letters.length <= most ? name
      : letters.slice(0, most - 1 - end).join('') + '…' + letters.slice(letters.length - end).join('');
  };
  const shown = (entry, series) =>
    !(series.group !== undefined && state.hidden.has(series.group)) && !entry.off.has(series.name);

  // ---- kinds ----
  function lines(entry) {
    const figure = entry.figure;
    const place = figure.x.length > 1 ? state.x : 0;
    const over = figure.x.length > 1;
    const dimension = figure.x.length;
    const logx = (over && state.logx) || figure.x[place].log;
    const logy = (over && state.logy) || figure.y.log;
    const positive = (point, y) => (!logx || point[place] > 0) && (!logy || point[y] > 0);
    const option = frame(figure);
    const most = Math.max(0, ...figure.series.map((series) => series.points.reduce((high, point) => Math.max(high, point[place] || 0), 0)));
    const {size, axis: horizontal} = along(figure.x[place], most, {type: logx ? 'log' : 'value', max: 'dataMax'});
    option.xAxis = horizontal;
    if (!logx) Object.assign(horizontal, {min: figure.x[place].unit || over ? 0 : 'dataMin'});
    if (!logx) Object.assign(horizontal.axisLabel, {showMaxLabel: false});
    option.yAxis = upright(figure.y, {type: logy ? 'log' : 'value'});
    if (figure.diagonal) Object.assign(option.xAxis, {min: 0, max: 100});
    if (figure.diagonal) horizontal.axisLabel.showMaxLabel = true;
    if (figure.diagonal) Object.assign(option.yAxis, {min: 0, max: 100});
    if (figure.y.name === 'jobs') option.yAxis.min = 0;
    option.series = [];
    for (const series of figure.series) {
      if (!shown(entry, series)) continue;
      const colour = colourOf(series.style);
      if (series.band) {
        const points = series.points.filter((point) => positive(point, dimension));
        if (points.length < 2) continue;
        option.series.push({
          type: 'custom', name: series.name, silent: true, z: 1, clip: true,
          encode: {x: [0], y: [1, 2]},
          data: points.map((point) => [point[place] / size, point[dimension], point[dimension + 1]]),
          renderItem: (parameters, api) => {
            if (parameters.dataIndex > 0) return null;
            const there = points.map((point) => api.coord([point[place] / size, point[dimension + 1]]));
            const back = points.map((point) => api.coord([point[place] / size, point[dimension]])).reverse();
            return {type: 'polygon', shape: {points: there.concat(back)},
              style: {fill: colour, opacity: isDark() ? 0.28 : 0.16}};
          },
        });
        continue;
      }
      option.series.push({
        type: 'line', name: series.name, z: series.thin ? 2 : 3,
        step: series.step ? 'end' : false, showSymbol: !series.thin && series.points.length <= 60,
        symbol: symbols[series.style % 4], symbolSize: 5,
        lineStyle: {color: colour, width: series.thin ? 1 : 2, opacity: series.thin ? 0.55 : 1, type: dashOf(series.style)},
        itemStyle: {color: colour}, emphasis: {disabled: true}, silent: series.thin,
        data: series.points.filter((point) => positive(point, dimension))
          .map((point) => [point[place] / size, point[dimension]]),
      });
    }
    if (figure.target && state.target > 0 && option.series.length) {
      option.series.push({
        type: 'line', name: 'target', data: [], z: 4,
        markLine: {symbol: 'none', silent: true, animation: false, precision: -1,  // not rounded
          lineStyle: {color: ink(), type: [3, 3], width: 1},
          label: {formatter: 'target ' + text(state.target), color: ink(), position: 'insideEndTop'},
          data: [{yAxis: state.target}]},
      });
    }
    if (figure.diagonal) {
      option.series.push({type: 'line', name: 'all alike', silent: true, symbol: 'none',
        lineStyle: {color: ink(), width: 1, type: [3, 3]}, data: [[0, 0], [100, 100]]});
    }
    if (!figure.diagonal) {
      option.dataZoom = [{type: 'inside', xAxisIndex: 0, filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: true, moveOnMouseWheel: false}];
    }
    Object.assign(option.tooltip, {trigger: 'axis', formatter: (items) => {
      const first = items.find((item) => item.value);
      if (!first) return '';
      return tip([figure.x[place].name + ' ' + text(first.value[0] * size, figure.x[place])]
        .concat(items.filter((item) => item.value && item.seriesType === 'line' && item.seriesName !== 'target')
          .map((item) => item.seriesName + ': ' + text(item.value[1], figure.y))));
    }});
    return option;
  }

  function bars(entry) {
    const figure = entry.figure;
    const option = frame(figure);
    const flat = figure.horizontal;
    const names = axis(flat ? {name: ''} : figure.x[0], {
      type: 'category', data: figure.categories, inverse: flat, scale: undefined, splitLine: {show: false}});
    names.axisLabel.formatter = (value) => flat ? fitting(value, 22) : value;
    names.axisLabel.interval = flat ? 0 : 'auto';
    if (!flat) names.axisLabel.showMaxLabel = true;  // the last bin holds the tail
    const values = flat ? axis(figure.x[0], {type: 'value', scale: false, max: 100})
      : upright(figure.y, {type: 'value', scale: false});
    if (flat) option.grid.top = 8;
    option.xAxis = flat ? values : names;
    option.yAxis = flat ? names : values;
    option.series = figure.series.filter((series) => shown(entry, series)).map((series) => ({
      type: 'bar', name: series.name, stack: figure.stacked ? 'all' : undefined,
      barMaxWidth: flat ? 26 : undefined, barCategoryGap: figure.stacked ? '12%' : '25%',
      emphasis: {disabled: true},
      itemStyle: {
        color: colourOf(series.style), borderColor: paper(), borderWidth: 0.5,
        decal: decals[series.style % 4] &&
          Object.assign({color: isDark() ? 'rgba(0,0,0,0.35)' : 'rgba(255,255,255,0.45)'}, decals[series.style % 4]),
      },
      data: series.points.map((point) => point[0]),
    }));
    Object.assign(option.tooltip, {trigger: 'axis', axisPointer: {type: 'shadow', animation: false},
      formatter: (items) => tip([items[0].name].concat(items.map(
        (item) => item.seriesName + ': ' + text(item.value, flat ? figure.x[0] : figure.y))))});
    return option;
  }

  function scatter(entry) {
    const figure = entry.figure;
    const option = frame(figure);
    const most = figure.series.reduce((high, series) => series.points.reduce((top, point) => Math.max(top, point[0]), high), 0);
    const {size, axis: horizontal} = along(figure.x[0], most, {type: figure.x[0].log ? 'log' : 'value', scale: figure.x[0].unit !== 's'});
    option.xAxis = horizontal;
    option.yAxis = upright(figure.y, {type: figure.y.log ? 'log' : 'value'});
    const many = figure.series.reduce((sum, series) => sum + series.points.length, 0) > 400;
    option.series = figure.series.filter((series) => shown(entry, series)).map((series) => ({
      type: 'scatter', name: series.name, symbol: symbols[series.style % 4],
      symbolSize: many ? 5 : 8, emphasis: {disabled: true},
      itemStyle: {color: colourOf(series.style), opacity: many ? 0.6 : 0.85},
      data: series.points.filter((point) => (!figure.x[0].log || point[0] > 0) && (!figure.y.log || point[1] > 0))
        .map((point) => [point[0] / size, point[1]]),
    }));
    Object.assign(option.tooltip, {trigger: 'item', formatter: (item) => tip([
      item.seriesName, figure.x[0].name + ': ' + text(item.value[0] * size, figure.x[0]),
      figure.y.name + ': ' + text(item.value[1], figure.y)])});
    return option;
  }

  function gantt(entry) {
    const figure = entry.figure;
    const option = frame(figure);
    const most = figure.spans.reduce((high, span) => Math.max(high, span[4]), 0);
    const {size, axis: horizontal} = along(figure.x[0], most, {type: 'value', min: 0, max: 'dataMax', scale: false});
    horizontal.axisLabel.showMaxLabel = false;
    horizontal.splitLine = {show: false};  // vertical lines are versions
    option.xAxis = horizontal;
    option.grid.top = 8;
    option.yAxis = axis({name: ''}, {type: 'category', data: figure.categories, inverse: true,
      scale: undefined, splitLine: {show: true, lineStyle: {color: faint()}}});
    option.yAxis.axisLabel.formatter = (value) => fitting(value, 18);
    option.yAxis.axisLabel.interval = figure.categories.length > 45 ? 'auto' : 0;
    option.yAxis.axisLabel.fontSize = 10;
    option.grid.bottom = 54;
    option.dataZoom = [
      {type: 'inside', xAxisIndex: 0, filterMode: 'weakFilter', zoomOnMouseWheel: 'ctrl'},
      {type: 'slider', xAxisIndex: 0, filterMode: 'weakFilter', height: 14, bottom: 4, showDetail: false,
        brushSelect: false, borderColor: faint(), fillerColor: isDark() ? '#56b4e944' : '#0072b233'}];
    // Many lines in few pixels would hide what they are to explain.
    const faintness = Math.min(0.35, 0.35 * entry.chart.getWidth() / (8 * Math.max((figure.marks || []).length, 1)));
    const away = (figure.absences || []).filter(() => shown(entry, figure.series[figure.series.length - 1]))
      .map(([row, start, end]) => [row, start / size, end / size]);
    const rows = figure.spans.filter((span) => shown(entry, figure.series[span[5]]))
      .map(([row, ...rest]) => [row, ...rest.slice(0, 4).map((value) => value / size), ...rest.slice(4)]);
    option.series = [{
      type: 'custom', clip: true, silent: true, z: 1, encode: {x: [1, 2], y: 0}, data: away,
      renderItem: (parameters, api) => {
        const [from, to] = [1, 2].map((place) => api.coord([api.value(place), api.value(0)]));
        const height = api.size([0, 1])[1] * 0.9;
        return {type: 'rect', style: {fill: colourOf(pale)}, shape: {
          x: from[0], y: from[1] - height / 2, width: Math.max(to[0] - from[0], 0.5), height}};
      },
    }, {
      type: 'custom', clip: true, z: 2, encode: {x: [1, 4], y: 0}, data: rows,
      renderItem: (parameters, api) => {
        const row = api.value(0);
        const at = [1, 2, 3, 4].map((place) => api.coord([api.value(place), row]));
        const full = Math.min(16, api.size([0, 1])[1] * 0.76);
        const series = figure.series[api.value(5)];
        const style = {fill: colourOf(series.style)};
        const part = (from, to, height) => ({type: 'rect', style, shape: {
          x: at[from][0], y: at[from][1] - height / 2,
          width: Math.max(at[to][0] - at[from][0], to === 2 ? 1.2 : 0), height}});
        return {type: 'group', children: [part(0, 1, full * 0.3), part(1, 2, full), part(2, 3, full * 0.3)]};
      },
      markLine: !figure.marks ? undefined : {symbol: 'none', silent: true, animation: false, precision: -1,
        label: {show: false}, lineStyle: {color: ink(), width: 0.6, opacity: faintness, type: 'solid'},
        data: figure.marks.map((mark) => ({xAxis: mark / size}))},
    }];
    Object.assign(option.tooltip, {trigger: 'item', formatter: (item) => {
      if (!Array.isArray(item.value)) return '';
      const [row, start, first, second, end, series, version] = item.value;
      return tip(['client ' + figure.categories[row] + ', from version ' + text(version),
        figure.series[series].name, 'start ' + seconds(start * size),
        'download ' + seconds((first - start) * size), 'computing ' + seconds((second - first) * size),
        'upload ' + seconds((end - second) * size)]);
    }});
    return option;
  }

  function heat(entry) {
    const figure = entry.figure;
    const option = frame(figure);
    const cells = [];
    let largest = 0;
    figure.series[0].points.forEach((row, y) => row.forEach((value, x) => {
      if (value > 0) cells.push([x, y, value]);
      largest = Math.max(largest, value || 0);
    }));
    option.grid.right = narrow.matches ? 22 : 70;
    option.grid.bottom = narrow.matches ? 64 : 28;
    option.xAxis = axis(figure.x[0], {type: 'category', data: figure.columns, scale: undefined, splitLine: {show: false}});
    option.xAxis.axisLabel.formatter = (value) => fitting(value, 14);
    option.yAxis = upright(figure.y, {type: 'category', data: figure.categories, inverse: true,
      scale: undefined, splitLine: {show: false}, axisLine: {show: false}, axisTick: {show: false}});
    option.yAxis.axisLabel.formatter = (value) => value;
    option.visualMap = {
      type: 'continuous', min: 0, max: largest || 1, calculable: false, precision: 2, hoverLink: false,
      orient: narrow.matches ? 'horizontal' : 'vertical', right: narrow.matches ? 'center' : 0,
      top: narrow.matches ? undefined : 'middle', bottom: narrow.matches ? 0 : undefined,
      itemWidth: 12, itemHeight: 110, textStyle: {color: ink()}, text: [text(100 * largest, {unit: '%'}), '0'],
      inRange: {color: isDark() ? ['#10202e', '#225ea8', '#41b6c4', '#c7e9b4', '#ffffd9']
        : ['#f3fad6', '#7fcdbb', '#41b6c4', '#225ea8', '#081d58']},
    };
    option.series = [{type: 'heatmap', data: cells, emphasis: {disabled: true},
      itemStyle: {borderColor: paper(), borderWidth: figure.categories.length > 40 ? 0 : 1}}];
    Object.assign(option.tooltip, {trigger: 'item', formatter: (item) => tip([
      'client ' + figure.categories[item.value[1]],
      figure.columns[item.value[0]] + ': ' + text(100 * item.value[2], {unit: '%'})])});
    return option;
  }

  function ranges(entry) {
    const figure = entry.figure;
    const option = frame(figure);
    option.xAxis = axis(figure.x[0], {type: figure.x[0].log ? 'log' : 'value', min: (extent) => niceLow(extent.min), max: (extent) => niceHigh(extent.max)});
    option.yAxis = axis({name: ''}, {type: 'category', data: figure.categories, inverse: true, scale: undefined, splitLine: {show: true, lineStyle: {color: faint()}}});
    option.yAxis.axisLabel.formatter = (value) => fitting(value, 20);
    option.yAxis.axisLabel.interval = 0;
    const [first, last] = figure.series;
    option.series = [{
      type: 'custom', silent: true, encode: {x: [1, 2], y: 0}, z: 1,
      data: figure.categories.map((name, row) => [row, first.points[row][0], last.points[row][0]]),
      renderItem: (parameters, api) => {
        const from = api.coord([api.value(1), api.value(0)]);
        const to = api.coord([api.value(2), api.value(0)]);
        return {type: 'line', shape: {x1: from[0], y1: from[1], x2: to[0], y2: to[1]},
          style: {stroke: ink(), lineWidth: 2, opacity: 0.5}};
      },
    }].concat(figure.series.filter((series) => shown(entry, series)).map((series) => ({
      type: 'scatter', name: series.name, symbol: symbols[series.style % 4], symbolSize: 11,
      itemStyle: {color: colourOf(series.style)}, emphasis: {disabled: true}, z: 3,
      data: series.points.map((point, row) => [point[0], row]),
    })));
    Object.assign(option.tooltip, {trigger: 'item', formatter: (item) => tip([
      figure.categories[item.value[1]], item.seriesName + ': ' + text(item.value[0], figure.x[0])])});
    return option;
  }
  const power = (value) => Math.pow(10, Math.floor(Math.log10(value)));
  const niceLow = (value) => value > 0 ? Math.floor(value / power(value)) * power(value) : 0;
  const niceHigh = (value) => value > 0 ? Math.ceil(value / power(value)) * power(value) : 1;

  const kinds = {lines, bars, scatter, gantt, heat, ranges};

  // ---- drawing ----
  function heightOf(figure) {
    const rows = (figure.categories || []).length;
    if (figure.kind === 'gantt') return 90 + 17 * Math.max(rows, 4);
    if (figure.kind === 'heat') return 90 + (rows > 40 ? 9 : 15) * Math.max(rows, 6);
    if (figure.kind === 'ranges') return 80 + 34 * Math.max(rows, 3);
    if (figure.kind === 'bars' && figure.horizontal) return 70 + 30 * Math.max(rows, 3);
    return state.printing ? 220 : 290;
  }
  function draw(entry) {
    entry.chart.setOption(kinds[entry.figure.kind](entry), {notMerge: true, lazyUpdate: false});
    entry.box.dataset.drawn = '1';
  }
  const drawAll = () => charts.forEach(draw);
  const setHeight = (entry) => {
    entry.box.style.height = heightOf(entry.figure) + 'px';
  };

  // ---- a figure as a file: all of it, in light colours, without what is hidden ----
  function pictureOf(entry) {
    const {figure, box} = entry;
    const around = box.closest('figure');
    const width = around.classList.contains('wide') ? 960 : 720;
    const height = heightOf(figure);
    const was = state.printing;
    const chart = echarts.init(null, null, {renderer: 'svg', ssr: true, width, height});
    try {
      state.printing = true;
      const option = kinds[figure.kind]({...entry, chart});
      if ((option.dataZoom || []).some((zoom) => zoom.type === 'slider')) option.grid.bottom = 28;
      option.dataZoom = [];
      chart.setOption(option);
      const keys = [...around.querySelectorAll('.key')]
        .map((key) => ({series: figure.series[Number(key.dataset.series)], swatch: key.querySelector('svg')}))
        .filter(({series}) => shown(entry, series))
        .map(({series, swatch}) => {
          const dash = dashOf(series.style);
          return {name: series.name, swatch, colour: colourOf(series.style), dash: dash === 'solid' ? [] : dash};
        });
      return lorafleetPicture({
        title: around.querySelector('h3').firstChild.textContent,
        sentence: around.querySelector('figcaption').textContent,
        keys, chart: chart.renderToSVGString(), width, height});
    } finally {
      chart.dispose();
      state.printing = was;
    }
  }
  /// The intervals of a study's answers, which are drawn in the page already.
  function pictureOfAnswers(drawn) {
    const picture = drawn.cloneNode(true);
    const [width, height] = drawn.getAttribute('viewBox').split(' ').slice(2).map((size) => Number(size) + 24);
    for (const [name, value] of Object.entries({width, height, viewBox: ['-12 -12', width, height].join(' '), style: 'color:#1f2328;--paper:#ffffff;background:#ffffff',
      'font-family': 'system-ui, sans-serif'})) picture.setAttribute(name, value);
    for (const line of picture.querySelectorAll('line')) line.setAttribute('stroke-width', 3);
    return new XMLSerializer().serializeToString(picture) + '\n';
  }
  /// A button in `place` that saves what `picture` gives as NAME.svg.
  function offerPicture(place, name, title, picture) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'save';
    button.dataset.picture = name;
    button.textContent = 'SVG';
    button.title = 'Save this figure as a picture';
    button.setAttribute('aria-label', 'Save as SVG: ' + title);
    button.addEventListener('click', () => {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([picture()], {type: 'image/svg+xml'}));
      link.download = name + '.svg';
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    });
    place.append(button);
  }

  function start(figure) {
    const box = document.querySelector('[data-figure="' + figure.id + '"]');
    setHeight({figure, box});
    const many = figure.kind === 'gantt' || figure.kind === 'heat' ||
      figure.series.reduce((sum, series) => sum + series.points.length, 0) > 3000;
    const chart = echarts.init(box, null, {renderer: many ? 'canvas' : 'svg'});
    const entry = {figure, box, chart, off: new Set()};
    charts.set(figure.id, entry);
    if (figure.kind === 'lines' && figure.x.length > 1) chart.group = 'run';
    if (figure.kind === 'lines') chart.getZr().on('dblclick', () => chart.dispatchAction({type: 'dataZoom', start: 0, end: 100}));
    for (const key of box.parentElement.querySelectorAll('.key')) {
      key.addEventListener('click', () => {
        const name = figure.series[Number(key.dataset.series)].name;
        const off = !entry.off.delete(name);
        if (off) entry.off.add(name);
        key.setAttribute('aria-pressed', String(!off));
        draw(entry);
      });
    }
    draw(entry);
    const head = box.parentElement.querySelector('h3');
    offerPicture(head, figure.id, head.textContent, () => pictureOf(entry));
  }

  // ---- controls; what they say is in the address, so that a view can be shared ----
  const controls = document.querySelector('.controls');
  function read() {
    if (!controls) return;
    const fields = controls.elements;
    state.x = Number(fields.x.value);
    state.logx = fields.logx.checked;
    state.logy = fields.logy.checked;
    state.target = fields.target ? Number(fields.target.value) : null;
    state.hidden = new Set();
    for (const box of controls.querySelectorAll('[name=group]')) {
      if (!box.checked) state.hidden.add(Number(box.value));
    }
  }
  function remember() {
    const words = [];
    if (state.x) words.push('x=' + state.x);
    if (state.logx) words.push('logx=1');
    if (state.logy) words.push('logy=1');
    if (controls.elements.target && controls.elements.target.value !== controls.elements.target.defaultValue)
      words.push('target=' + controls.elements.target.value);
    if (state.hidden.size) words.push('hidden=' + [...state.hidden].join('.'));
    history.replaceState(null, '', words.length ? '#' + words.join('&') : location.pathname + location.search);
  }
  function recall() {
    if (!controls || !/^#(x|logx|logy|target|hidden)=/.test(location.hash)) return;
    const words = new URLSearchParams(location.hash.slice(1));
    const fields = controls.elements;
    if (/^[0-3]$/.test(words.get('x') || '')) fields.x.value = words.get('x');
    fields.logx.checked = words.get('logx') === '1';
    fields.logy.checked = words.get('logy') === '1';
    if (fields.target && Number(words.get('target')) > 0) fields.target.value = words.get('target');
    const hidden = new Set((words.get('hidden') || '').split('.'));
    for (const box of controls.querySelectorAll('[name=group]')) box.checked = !hidden.has(box.value);
  }

  // ---- tables ----
  const valueOf = (cell) => {
    const plain = cell.textContent.replace(/,/g, '').replace('−', '-').replace(/^× /, '');
    const number = parseFloat(plain);
    const units = {kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12};
    const unit = units[plain.split(' ')[1]] || 1;
    return Number.isNaN(number) ? null : number * unit;
  };
  function makeSortable(table) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const down = head.getAttribute('aria-sort') !== 'descending';
        for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        const body = table.tBodies[0];
        const rows = [...body.rows].sort((a, b) => {
          const one = valueOf(a.cells[column]);
          const two = valueOf(b.cells[column]);
          const order = one !== null && two !== null ? one - two
            : a.cells[column].textContent.localeCompare(b.cells[column].textContent);
          return down ? -order : order;
        });
        body.append(...rows);
      });
    });
  }

  for (const details of document.querySelectorAll('details.data')) details.open = false;
  document.querySelectorAll('table.sortable').forEach(makeSortable);
  if (controls) {
    controls.hidden = false;
    controls.addEventListener('submit', (event) => event.preventDefault());
    controls.addEventListener('input', () => {
      read();
      remember();
      drawAll();
    });
    recall();
    read();
  }
  data.figures.forEach(start);
  for (const drawn of document.querySelectorAll('svg.answers'))
    offerPicture(drawn.previousElementSibling, 'answers', 'Answers', () => pictureOfAnswers(drawn));
  echarts.connect('run');

  /// What is jumped to must not lie under the bar that stays on top.
  function makeRoom() {
    const high = controls && getComputedStyle(controls).position === 'sticky' ? controls.offsetHeight : 0;
    root.style.scrollPaddingTop = high + 8 + 'px';
  }
  function resize() {
    charts.forEach((entry) => entry.chart.resize());
    makeRoom();
  }
  makeRoom();
  let pending = 0;
  window.addEventListener('resize', () => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(resize);
  });
  dark.addEventListener('change', drawAll);
  narrow.addEventListener('change', drawAll);
  window.addEventListener('beforeprint', () => {
    state.printing = true;
    root.classList.add('printing');
    charts.forEach(setHeight);
    resize();
    drawAll();
  });
  window.addEventListener('afterprint', () => {
    state.printing = false;
    root.classList.remove('printing');
    charts.forEach(setHeight);
    resize();
    drawAll();
  });
  root.dataset.figures = String(charts.size);
  root.dataset.ready = '1';
})();
