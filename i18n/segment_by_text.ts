<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1">
<context>
    <name>BandChoice</name>
    <message>
        <location filename="../plugin/dock/band_choice.py" line="28" />
        <source>Automatic</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/band_choice.py" line="29" />
        <source>As displayed</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/band_choice.py" line="30" />
        <source>By number</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Cards</name>
    <message>
        <location filename="../plugin/cards.py" line="18" />
        <source>Open vocabulary: describe anything.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/cards.py" line="19" />
        <source>Knows: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/cards.py" line="27" />
        <source>Ground resolution: {:g} to {:g} m per pixel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/cards.py" line="30" />
        <source>Languages: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/cards.py" line="31" />
        <source>Licence: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/cards.py" line="35" />
        <source>Its weights are not on this computer. Put {} into {}.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/cards.py" line="52" />
        <source>SHA-256 {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/cards.py" line="62" />
        <source>Weights</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/cards.py" line="63" />
        <source>Measured</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/cards.py" line="77" />
        <source>CPU: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/cards.py" line="78" />
        <source>{}, {} GB</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Dock</name>
    <message>
        <location filename="../plugin/dock/widget.py" line="103" />
        <source>Type what to find, for example: white storage tank.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="128" />
        <source>the large white storage tank</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="132" />
        <source>Polygons and mask</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="133" />
        <source>Polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="134" />
        <source>Mask</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="138" />
        <source>Automatic</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="139" />
        <source>GPU (CUDA)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="140" />
        <source>CPU</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="194" />
        <source>Understood: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="204" />
        <source>The model knows none of these words. Use one it knows, or segment anyway.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="214" />
        <source>Start the en&amp;gine</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="216" />
        <source>Se&amp;gment anyway</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="218" />
        <source>Se&amp;gment by text</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.py" line="269" />
        <source>Cancelling…</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Engine</name>
    <message>
        <location filename="../plugin/engine_process.py" line="39" />
        <source>The engine is not installed. Install it from the Segment by Text panel.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/engine_process.py" line="135" />
        <source>Cancelled.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Export</name>
    <message>
        <location filename="../plugin/export.py" line="131" />
        <source>its colours cannot be read</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/export.py" line="135" />
        <source>the server did not give all of the image</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/export.py" line="156" />
        <source>its values cannot be read</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/export.py" line="164" />
        <source>Fetching “{}”: part {} of {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/export.py" line="171" />
        <source>Cancelled.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/export.py" line="174" />
        <source>it cannot be read here</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/export.py" line="200" />
        <location filename="../plugin/export.py" line="192" />
        <source>the temporary file cannot be written</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/export.py" line="204" />
        <source>The layer “{}” could not be fetched whole: {}. Nothing was segmented. Try again, choose an extent that the layer covers, or a coarser ground resolution.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/export.py" line="254" />
        <source>The layer “{}” has a colour table and no file the engine can open. Export it first (right-click &gt; Export &gt; Save As…) and segment the exported layer.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/export.py" line="262" />
        <source>This extent of “{}” has {} x {} pixels, too many to be fetched. Choose a smaller extent or a coarser ground resolution.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/export.py" line="307" />
        <source>The layer “{}” has no CRS, so its size on the ground is not known. Set its CRS.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>ExtentChoice</name>
    <message>
        <location filename="../plugin/dock/extent_choice.py" line="48" />
        <source>Map view</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/extent_choice.py" line="49" />
        <source>Whole layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/extent_choice.py" line="50" />
        <source>Drawn rectangle</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/extent_choice.py" line="51" />
        <source>Selected polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/extent_choice.py" line="79" />
        <source>Draw a rectangle on the map first.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Extents</name>
    <message>
        <location filename="../plugin/extents.py" line="60" />
        <source>Choose a polygon layer whose selection is the extent.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/extents.py" line="64" />
        <source>Nothing is selected in the layer “{}”. Select one or more of its polygons.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/extents.py" line="90" />
        <source>The extent does not meet the raster layer “{}”. Zoom to the layer, or choose another extent.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/extents.py" line="112" />
        <source>The extent cannot be transformed from {} to {}, the CRS of “{}”. Zoom in, or set the map to the CRS of the layer.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>InstallPanel</name>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="38" />
        <source>The models run in a Python of their own, apart from QGIS. Installing it downloads PyTorch and other libraries from the Python Package Index and takes up to {} GB in {}. Nothing else on this computer is changed; deleting that folder removes it.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="59" />
        <source>The engine is installed.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="64" />
        <source>Cancelled. Installing again goes on from here.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="87" />
        <source>Python (python.exe)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/install_panel.py" line="88" />
        <source>A Python with the engine's requirements</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Installation</name>
    <message>
        <location filename="../plugin/installation.py" line="37" />
        <source>Installing the engine of Segment by Text</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/installation.py" line="65" />
        <source>The installation failed; the log messages panel has the details.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Layers</name>
    <message>
        <location filename="../plugin/appearance.py" line="42" />
        <source>Polygons: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/appearance.py" line="43" />
        <source>Mask: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/appearance.py" line="44" />
        <source>Probability: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/appearance.py" line="61" />
        <source>Expression</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/appearance.py" line="62" />
        <source>Score (mean probability, 0 to 1)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/appearance.py" line="63" />
        <source>Area (m²)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/appearance.py" line="64" />
        <source>Model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/appearance.py" line="65" />
        <source>SHA-256 of the weights</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/appearance.py" line="66" />
        <source>Source raster</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/appearance.py" line="67" />
        <source>Ground resolution (m per pixel)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/appearance.py" line="68" />
        <source>Threshold (probability, 0 to 1)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/appearance.py" line="81" />
        <source>Segmented from {} with the model {} (weights {}) at a threshold of {} %.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/layers.py" line="50" />
        <source>There is no raster layer to segment. Add one, or choose it above.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/layers.py" line="54" />
        <source>The source of “{}” is not available. Repair the layer, or choose another.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/result_group.py" line="90" />
        <source>“{}” is being edited. Save or discard the edits, then move the threshold.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/result_group.py" line="168" />
        <source>{} (edited)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/result_group.py" line="192" />
        <source>The result {} cannot be opened. Segment again.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>ModelsDialog</name>
    <message>
        <location filename="../plugin/models/dialog.py" line="30" />
        <location filename="../plugin/models/dialog.py" line="27" />
        <source>Models</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="33" />
        <source>About the model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/models/dialog.py" line="39" />
        <source>The engine is not running; start it from the panel.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Options</name>
    <message>
        <location filename="../plugin/options.py" line="19" />
        <source>Segment by Text</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>OptionsPage</name>
    <message>
        <location filename="../plugin/options.py" line="36" />
        <source>Beside the project</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="38" />
        <source>Empty: beside the project, or in the user profile while it is not saved.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="43" />
        <source>The plugin's own</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="45" />
        <source>A Python with the engine's requirements. Used at the engine's next start.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="48" />
        <source>&amp;Results folder</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/options.py" line="49" />
        <source>&amp;Python of the engine</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Processing</name>
    <message>
        <location filename="../plugin/processing/provider.py" line="27" />
        <source>Segment by Text</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Refinement</name>
    <message>
        <location filename="../plugin/dock/refinement.py" line="111" />
        <source>Refining</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Runs</name>
    <message>
        <location filename="../plugin/runs.py" line="87" />
        <source>The results folder {} cannot be written ({}). Choose another in the options of Segment by Text.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Segment</name>
    <message>
        <location filename="../plugin/processing/segment.py" line="72" />
        <source>Segment by text</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="76" />
        <source>Segmentation</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="84" />
        <source>language,expression,object detection,deep learning,SAM,CLIP,extract,mask</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="89" />
        <source>Finds what a text describes in an image, as polygons and mask.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="93" />
        <source>Finds what a text describes, for example “the large white storage tank at the lower left”, in an aerial or satellite image.

The model runs on this computer, in a Python apart from QGIS; install it from the Segment by Text panel.

Threshold: pixels at least this probable are selected. The probability output holds round(254 · probability), 255 where there is no data, so other thresholds need no second run.

Ground resolution: what the model sees; by itself the raster's own, or the one the model was trained at where the raster is finer.

Outlines: exact, along the pixels; smooth, in straight lines; right angles, for buildings.

Every polygon has expression, score (mean probability), area in square metres, model, SHA-256 of the weights, source and resolution.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="121" />
        <source>Raster layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="122" />
        <source>What to find</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="123" />
        <source>Extent</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="124" />
        <source>Model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="126" />
        <source>Threshold (probability)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="132" />
        <source>Ground resolution in metres per pixel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="139" />
        <source>Bands (one or three)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="143" />
        <source>Smallest polygon in square metres (pixels without a CRS)</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="151" />
        <source>Outlines of polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="159" />
        <source>Device</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="168" />
        <source>Polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="173" />
        <source>Mask</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="176" />
        <source>Probability</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="181" />
        <source>Number of objects</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="188" />
        <source>Type what to find, for example: white storage tank.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="191" />
        <source>Choose one or three bands, not {}.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="193" />
        <source>Choose at least one output: polygons, mask or probability.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="251" />
        <source>Objects found: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/processing/segment.py" line="316" />
        <source>The result {} cannot be opened.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>SegmentByTextDock</name>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Segment by Text</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>&lt;b&gt;The engine is not installed&lt;/b&gt;</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>&amp;Install the engine…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Use an existing P&amp;ython…</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>A Python 3.10 or later with the engine's requirements</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>What to &amp;find</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>What to find</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Words that describe the objects, for example: the large white storage tank at the lower left. Enter segments.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Words that describe the objects. Enter segments.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>R&amp;aster layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Raster layer</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>E&amp;xtent</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Extent</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Draw a rectangle on the map</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Layer whose selected polygons are the extent</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Model</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>About the models</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>O&amp;utput</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Output</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>&amp;Threshold</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Threshold</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Pixels at least this probable are selected. Moving it after a run changes the result at once, without running the model.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Threshold in percent</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source> %</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>More</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Resolution</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Ground resolution in metres per pixel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>The resolution the model sees. Automatic: the raster's own, or the one the model was trained at where the raster is finer.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Automatic</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source> m/px</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>&amp;Bands</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Bands</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Band for red</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>R </source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Band for green</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>G </source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Band for blue</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>B </source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Smallest</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Smallest polygon in square metres</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Smaller polygons are left out: square metres, or pixels where the layer has no CRS. Changing it after a run changes the result at once, without running the model.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Any</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source> m²</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Outlines</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Outlines of polygons</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>How polygons are drawn. Changing it after a run changes the result at once, without running the model.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Dev&amp;ice</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Device</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Se&amp;gment by text</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Progress</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Ca&amp;ncel</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/widget.ui" line="0" />
        <location filename="../plugin/dock/widget.ui" line="0" />
        <source>Options of Segment by Text</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Session</name>
    <message>
        <location filename="../plugin/dock/session.py" line="119" />
        <source>Starting the engine</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="133" />
        <source>Reading the expression</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="184" />
        <source>Segmenting: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="205" />
        <source>The mask is written.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="209" />
        <source>Objects found: {}</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="212" />
        <source>Objects found: {}, {} m² in all</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="225" />
        <source>Hint</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="269" />
        <source>Cancelled.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/session.py" line="271" />
        <source>The same request will go on from here.</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>ShapeChoice</name>
    <message>
        <location filename="../plugin/dock/shape_choice.py" line="26" />
        <source>Along the pixels</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/shape_choice.py" line="27" />
        <source>Straight lines</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/dock/shape_choice.py" line="28" />
        <source>Right angles (buildings)</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Tasks</name>
    <message>
        <location filename="../plugin/tasks.py" line="90" />
        <source>The request failed; the log messages panel has the details.</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/tasks.py" line="103" />
        <source>The engine stopped. Your layers are untouched: click again to start it anew.

{}</source>
        <translation type="unfinished" />
    </message>
</context><context>
    <name>Window</name>
    <message>
        <location filename="../plugin/main.py" line="77" />
        <source>Segment by Text</source>
        <translation type="unfinished" />
    </message>
    <message>
        <location filename="../plugin/main.py" line="81" />
        <source>Segment a raster layer by a description</source>
        <translation type="unfinished" />
    </message>
</context></TS>
