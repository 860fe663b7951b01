// What lorafleet's report page draws with, and no more.
import {BarChart, CustomChart, HeatmapChart, LineChart, ScatterChart} from 'echarts/charts';
import {
  AriaComponent, DataZoomInsideComponent, DataZoomSliderComponent, GridComponent,
  MarkLineComponent, TooltipComponent, VisualMapContinuousComponent,
} from 'echarts/components';
import {connect, init, use} from 'echarts/core';
import {CanvasRenderer, SVGRenderer} from 'echarts/renderers';

use([
  AriaComponent, BarChart, CanvasRenderer, CustomChart, DataZoomInsideComponent,
  DataZoomSliderComponent, GridComponent, HeatmapChart, LineChart, MarkLineComponent,
  ScatterChart, SVGRenderer, TooltipComponent, VisualMapContinuousComponent,
]);
globalThis.echarts = {connect, init};
